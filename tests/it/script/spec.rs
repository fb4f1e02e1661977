//! Which methods exist and how their fields lie on the wire: `methods.txt`, one line per method.

use std::sync::LazyLock;

/// How one field lies on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldType {
    /// Unsigned integer of 1, 2, 4 or 8 octets.
    Int(usize),
    /// Up to 255 octets behind one octet of length.
    Short,
    /// Octets behind four octets of length.
    Long,
    /// One bit; neighbours share an octet.
    Bit,
    /// A field table.
    Table,
}

/// One field of a method or one property of a content header.
#[derive(Debug)]
pub(crate) struct Field {
    /// Name as in the protocol, with dashes.
    pub(crate) name: &'static str,
    /// Its form on the wire.
    pub(crate) kind: FieldType,
}

/// One method of AMQP 0-9-1 with RabbitMQ's extensions.
#[derive(Debug)]
pub(crate) struct Method {
    /// For example `queue.declare`.
    pub(crate) name: &'static str,
    /// Class number.
    pub(crate) class: u16,
    /// Method number within the class.
    pub(crate) id: u16,
    /// Fields in wire order.
    pub(crate) fields: Vec<Field>,
}

impl Method {
    /// Whether a content header and body follow.
    pub(crate) fn has_content(&self) -> bool {
        matches!(
            self.name,
            "basic.publish" | "basic.return" | "basic.deliver" | "basic.get-ok"
        )
    }
}

static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| {
    include_str!("methods.txt")
        .lines()
        .filter_map(parse_method)
        .collect()
});

static PROPERTIES: LazyLock<Vec<Field>> = LazyLock::new(|| {
    parse_fields(
        "content-type:short content-encoding:short headers:table delivery-mode:octet \
         priority:octet correlation-id:short reply-to:short expiration:short message-id:short \
         timestamp:u64 type:short user-id:short app-id:short cluster-id:short",
    )
});

/// The method called `name`.
pub(crate) fn by_name(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// The method with these numbers.
pub(crate) fn by_id(class: u16, id: u16) -> Option<&'static Method> {
    METHODS
        .iter()
        .find(|method| method.class == class && method.id == id)
}

/// The content properties, the one with the highest flag bit first.
pub(crate) fn properties() -> &'static [Field] {
    &PROPERTIES
}

fn parse_method(line: &'static str) -> Option<Method> {
    let mut words = line.splitn(4, ' ');
    Some(Method {
        name: words.next()?,
        class: words.next()?.parse().ok()?,
        id: words.next()?.parse().ok()?,
        fields: parse_fields(words.next().unwrap_or("")),
    })
}

fn parse_fields(words: &'static str) -> Vec<Field> {
    words
        .split_whitespace()
        .filter_map(|word| word.split_once(':'))
        .filter_map(|(name, kind)| {
            let kind = match kind {
                "octet" => FieldType::Int(1),
                "u16" => FieldType::Int(2),
                "u32" => FieldType::Int(4),
                "u64" => FieldType::Int(8),
                "short" => FieldType::Short,
                "long" => FieldType::Long,
                "bit" => FieldType::Bit,
                "table" => FieldType::Table,
                _ => return None,
            };
            Some(Field { name, kind })
        })
        .collect()
}
