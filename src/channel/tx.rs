//! Transactions: publishes and settlements wait for tx.commit.
//!
//! Checks and routing happen when a publish arrives, as in RabbitMQ; delivery, basic.return and
//! settlement at commit. Deliveries are not transactional. A long commit goes on over several turns
//! of its connection, which reads nothing meanwhile.
//!
//! Spec: AMQP 0-9-1 class `tx`. Seen: RabbitMQ 4.3.6, tests/scripts/tx.

use leveret_codec::methods::{
    ConfirmSelect, ConfirmSelectOk, TxCommitOk, TxRollbackOk, TxSelectOk,
};

use super::confirms::Confirms;
use super::ledger::Unacked;
use super::publish::Checked;
use super::settle::Which;
use super::{Channel, Context};
use crate::desk::{SETTLEMENT_PIECE, Settlements};
use crate::error::AmqpError;
use crate::outbox::Outbox;
use crate::queue::Outcome;
use crate::store::Position;
use crate::turns;
use crate::vhost::Placed;

/// What waits for a commit.
#[derive(Default)]
pub(super) struct Transaction {
    publishes: Vec<Checked>,
    settlements: Vec<(u64, Unacked, Outcome)>,
    /// Octets that both hold in memory.
    pub(super) octets: u64,
}

impl Transaction {
    pub(super) fn publish(&mut self, checked: Checked) {
        let octets = checked.message.memory() + size_of::<Checked>();
        self.octets += octets as u64;
        self.publishes.push(checked);
    }

    fn settle(&mut self, tag: u64, unacked: Unacked, outcome: Outcome) {
        self.octets += unacked.memory() as u64;
        self.settlements.push((tag, unacked, outcome));
    }

    /// Publishes and settlements that wait.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.publishes.len(), self.settlements.len())
    }
}

/// A commit that has begun.
pub(super) struct Commit {
    publishes: std::vec::IntoIter<Checked>,
    /// What is settled once all is placed.
    settlements: Vec<(u64, Unacked, Outcome)>,
    /// Whether any queue gets any of it.
    is_routed: bool,
    /// Whether every queue took what was placed so far, and how far the store must be for that.
    placed: Placed,
}

impl Commit {
    fn is_placed(&self) -> bool {
        self.publishes.as_slice().is_empty()
    }
}

/// Class and method of tx.commit.
const COMMIT: (u16, u16) = (90, 20);

impl Channel {
    pub(super) fn on_confirm_select(
        &mut self,
        select: ConfirmSelect,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        if self.transaction.is_some() {
            return Err(AmqpError::precondition_failed(
                "cannot switch from tx to confirm mode",
            ));
        }
        self.confirms.get_or_insert_with(Confirms::default);
        if !select.nowait {
            cx.outbox.method(self.id, &ConfirmSelectOk {}.into());
        }
        Ok(())
    }

    pub(super) fn on_tx_select(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        if self.confirms.is_some() {
            return Err(AmqpError::precondition_failed(
                "cannot switch from confirm to tx mode",
            ));
        }
        self.transaction.get_or_insert_with(Transaction::default);
        cx.outbox.method(self.id, &TxSelectOk {}.into());
        Ok(())
    }

    /// Takes deliveries out of the ledger at once, so that a second settlement fails at once; the
    /// queues hear of it at commit.
    pub(super) fn settle_later(&mut self, which: Which, outcome: Outcome) -> Result<(), AmqpError> {
        let tags = match which {
            Which::One(tag) => vec![tag],
            Which::UpTo(tag) => {
                let tags = self.ledger.tags_up_to(tag);
                if tag != 0 && tags.last() != Some(&tag) {
                    // Says the same as a settlement outside of a transaction.
                    self.ledger.take(tag)?;
                }
                tags
            }
        };
        for tag in tags {
            let unacked = self.ledger.take(tag)?;
            if let Some(transaction) = &mut self.transaction {
                transaction.settle(tag, unacked, outcome);
            }
        }
        Ok(())
    }

    pub(super) fn on_tx_commit(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        let Transaction {
            publishes,
            settlements,
            ..
        } = self.take_transaction()?;
        self.commit = Some(Box::new(Commit {
            is_routed: publishes.iter().any(Checked::is_routed),
            publishes: publishes.into_iter(),
            settlements,
            placed: Placed::Accepted(Position::default()),
        }));
        self.go_on(cx)
    }

    /// Whether a commit has not been answered. Nothing else may be asked of the channel before.
    #[must_use]
    pub fn is_committing(&self) -> bool {
        self.commit.is_some()
    }

    /// Whether [`Channel::go_on`] has something to do now.
    #[must_use]
    pub fn can_go_on(&self, outbox: &Outbox) -> bool {
        let is_settled = |commit: &Commit| commit.is_placed() && commit.settlements.is_empty();
        let waits = self.commit.as_deref().is_some_and(is_settled) && outbox.owes_work();
        self.commit.is_some() && !waits
    }

    /// Goes on with a commit, as far as this turn has room for it.
    ///
    /// # Errors
    /// 406 `partial tx completion` if a queue has refused a message, closes the channel.
    pub fn go_on(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        let Some(mut commit) = self.commit.take() else {
            return Ok(());
        };
        while !commit.is_placed() {
            let placed = self.place_some(&mut commit.publishes, cx);
            commit.placed = commit.placed.and(placed);
            if turns::is_over() {
                break;
            }
        }
        if !commit.is_placed() {
            self.commit = Some(commit);
            return Ok(());
        }
        let settlements = std::mem::take(&mut commit.settlements);
        self.settle_all(settlements, cx);
        if turns::is_owing() || cx.outbox.owes_work() {
            self.commit = Some(commit);
            return Ok(());
        }
        self.end_commit(&commit, cx)
            .map_err(|error| error.in_method(COMMIT.0, COMMIT.1))
    }

    fn end_commit(&mut self, commit: &Commit, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        match commit.placed {
            Placed::Refused => Err(AmqpError::precondition_failed("partial tx completion")),
            Placed::Accepted(position) => {
                // RabbitMQ waits for its queues if there was something to publish.
                if commit.is_routed {
                    self.read_mail_early(cx);
                }
                cx.outbox.hold_until(position);
                cx.outbox.method(self.id, &TxCommitOk {}.into());
                Ok(())
            }
        }
    }

    /// Settlements with the same outcome in a row take effect together, in the order of the
    /// delivery tags.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/tx/redeliveries_come_before_commit_ok.amqp.
    fn settle_all(&mut self, settlements: Vec<(u64, Unacked, Outcome)>, cx: &mut Context<'_>) {
        let mut many = (settlements.len() > SETTLEMENT_PIECE).then(Settlements::default);
        let mut run: Vec<(u64, Unacked)> = Vec::new();
        let mut outcome = Outcome::Ack;
        for (tag, unacked, next) in settlements {
            if next != outcome {
                self.settle_run(&mut run, outcome, many.as_mut(), cx);
                outcome = next;
            }
            run.push((tag, unacked));
        }
        self.settle_run(&mut run, outcome, many.as_mut(), cx);
        match many {
            Some(many) => self.begin(many, cx),
            None => self.flush_settlements(cx),
        }
    }

    fn settle_run(
        &mut self,
        run: &mut Vec<(u64, Unacked)>,
        outcome: Outcome,
        many: Option<&mut Settlements>,
        cx: &mut Context<'_>,
    ) {
        run.sort_by_key(|(tag, _)| *tag);
        let unacked = run.drain(..).map(|(_, unacked)| unacked).collect();
        match many {
            Some(many) => self.gather(unacked, outcome, many, cx),
            None => self.settle_together(unacked, outcome, cx),
        }
    }

    pub(super) fn on_tx_rollback(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        let transaction = self.take_transaction()?;
        let settlements = transaction.settlements.into_iter();
        self.ledger
            .restore(settlements.map(|(tag, unacked, _)| (tag, unacked)));
        cx.outbox.method(self.id, &TxRollbackOk {}.into());
        Ok(())
    }

    /// What waits; the next transaction begins.
    fn take_transaction(&mut self) -> Result<Transaction, AmqpError> {
        match &mut self.transaction {
            Some(transaction) => Ok(std::mem::take(transaction)),
            None => Err(AmqpError::precondition_failed(
                "channel is not transactional",
            )),
        }
    }

    /// A channel that closes rolls its transaction back, and what is left of a commit.
    pub(super) fn abandon_transaction(&mut self) {
        let commit = self.commit.take().map(|commit| commit.settlements);
        let open = self.transaction.take().map(|open| open.settlements);
        let settlements = commit.into_iter().chain(open).flatten();
        self.ledger
            .restore(settlements.map(|(tag, unacked, _)| (tag, unacked)));
    }
}
