//! What a queue has left for later turns: dead letters on their way, and what is due in it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::queue::DeadLetter;
use crate::turns::Debt;

/// See the module.
#[derive(Default)]
pub(super) struct Leftover {
    line: VecDeque<Batch>,
    /// A deadline has come meanwhile, or is to come at once: it is in the line.
    is_due: bool,
    /// Wait for the deadline, and then for what it leaves.
    owed: Vec<Arc<Debt>>,
}

/// What was left together.
enum Batch {
    /// Dead letters, in the order of the queue, and the debt that ends with the last of them;
    /// without any letters, once the line is up to here.
    Letters(std::vec::IntoIter<DeadLetter>, Arc<Debt>),
    Deadline,
}

/// What a queue does next in its turn.
pub(super) enum Next {
    Letter(DeadLetter, Arc<Debt>),
    Deadline,
}

impl Leftover {
    pub(super) fn add_letters(&mut self, letters: std::vec::IntoIter<DeadLetter>, debt: Arc<Debt>) {
        self.line.push_back(Batch::Letters(letters, debt));
    }

    /// The deadline comes behind what died before it.
    pub(super) fn make_due(&mut self) {
        if !std::mem::replace(&mut self.is_due, true) {
            self.line.push_back(Batch::Deadline);
        }
    }

    /// What is due now, and what that leaves, is `debt` from now on.
    pub(super) fn owe_due(&mut self, debt: Arc<Debt>) {
        self.make_due();
        self.owed.push(debt);
    }

    /// After a deadline: unless another has come, its debts wait for what is in the line by now and
    /// for nothing that comes later. Others may add to the line for ever.
    pub(super) fn owe_line(&mut self) {
        if !self.is_due {
            let none = || Vec::new().into_iter();
            let owed = self.owed.drain(..);
            self.line
                .extend(owed.map(|debt| Batch::Letters(none(), debt)));
        }
    }

    /// Takes what comes next out of the line.
    pub(super) fn next(&mut self) -> Option<Next> {
        while let Some(batch) = self.line.front_mut() {
            if let Batch::Letters(letters, debt) = batch
                && let Some(letter) = letters.next()
            {
                return Some(Next::Letter(letter, Arc::clone(debt)));
            }
            // This may end a debt, which posts mail to its connection: that takes the mailbox's
            // lock alone.
            if let Some(Batch::Deadline) = self.line.pop_front() {
                self.is_due = false;
                return Some(Next::Deadline);
            }
        }
        None
    }

    /// How many dead letters there are.
    pub(super) fn letters(&self) -> usize {
        let letters = self.line.iter().map(|batch| match batch {
            Batch::Letters(letters, _) => letters.len(),
            Batch::Deadline => 0,
        });
        letters.sum()
    }
}
