//! Exchanges: declare, look for, delete.
//!
//! Spec: AMQP 0-9-1 class `exchange`. Seen: RabbitMQ 4.3.6, tests/scripts/exchange.

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;

use super::{Actor, Stored};
use crate::auth::{Operation, Resource};
use crate::error::AmqpError;
use crate::vhost::{ExchangeSpec, check_not_default, strip_cr_lf};

/// How an exchange is to be declared.
#[derive(Clone, Debug, Default)]
pub struct ExchangeDeclaration {
    /// Its name; not that of the default exchange.
    pub name: ShortString,
    /// `direct`, `fanout`, `topic`, `headers`, `x-…`.
    pub type_name: ShortString,
    /// Survives a restart.
    pub durable: bool,
    /// Deleted when its last binding goes.
    pub auto_delete: bool,
    /// Clients cannot publish to it.
    pub internal: bool,
    /// All arguments, unknown ones too.
    pub arguments: Table,
}

impl Actor {
    /// Declares an exchange, or finds the equivalent one.
    ///
    /// # Errors
    /// 403 without permission or for a reserved name, 406 for bad arguments, an unknown type, an
    /// exchange that differs, or the exchange limit; each closes the channel.
    pub fn declare_exchange(
        &self,
        declaration: ExchangeDeclaration,
    ) -> Result<Stored<()>, AmqpError> {
        let name = strip_cr_lf(&declaration.name);
        check_not_default(name.as_short())?;
        self.check_exchange(Operation::Configure, &name)?;
        let spec = ExchangeSpec {
            name: name.clone(),
            vhost: self.vhost.name().clone(),
            type_name: declaration.type_name,
            durable: declaration.durable,
            auto_delete: declaration.auto_delete,
            internal: declaration.internal,
            arguments: declaration.arguments,
            declared_by: self.user_name().into(),
        };
        let authorize = |alternate: &[u8]| {
            self.check_exchange(Operation::Read, &name)?;
            self.check_exchange(Operation::Write, alternate)
        };
        let until = self.vhost.declare_exchange(&self.author, spec, authorize)?;
        Ok(Stored { value: (), until })
    }

    /// Looks for an exchange: a passive declare.
    ///
    /// # Errors
    /// 403 without any permission or for the default exchange, 404 if it is missing.
    pub fn find_exchange(&self, name: &str) -> Result<Stored<()>, AmqpError> {
        let name = strip_cr_lf(name);
        check_not_default(name.as_short())?;
        self.check_any(Resource::Exchange(name.as_bytes()))?;
        let exchange = self.vhost.exchange(&name)?;
        let until = self.vhost.stored_if(exchange.spec.durable);
        Ok(Stored { value: (), until })
    }

    /// Deletes an exchange. A missing one is fine.
    ///
    /// # Errors
    /// 403 without permission or for an exchange of the broker's own, 406 `… in use` with
    /// `if_unused` and bindings from it.
    pub fn delete_exchange(&self, name: &str, if_unused: bool) -> Result<Stored<()>, AmqpError> {
        let name = strip_cr_lf(name);
        check_not_default(name.as_short())?;
        self.check_exchange(Operation::Configure, &name)?;
        let until = self.vhost.delete_exchange(&self.author, &name, if_unused)?;
        Ok(Stored { value: (), until })
    }
}
