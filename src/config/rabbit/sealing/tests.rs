use leveret_terms::text;

use super::*;

fn decoder(term: &str) -> Option<Decoder> {
    Decoder::of(&text::read(&format!("{term}.")).unwrap())
}

// The values were made by RabbitMQ 4.3.6, `rabbitmqctl encrypt_conf_value` and `encode`.
#[test]
fn values_of_rabbitmq_are_decrypted() {
    let sealed = "encrypted:X++vybtpfNeiA2VZLhi6vx8kTFGCKHulWDECdVpajzT19h2TRoElBL+nTl6Eo26N";
    let decoder_of = decoder("[{passphrase, <<\"mypass\">>}]");
    let opened_with = |decoder: &Option<Decoder>| opened(sealed.to_owned(), decoder.as_ref());
    assert_eq!(opened_with(&decoder_of), Ok("guest".to_owned()));
    assert!(opened_with(&decoder("[{passphrase, \"other\"}]")).is_err());
    assert!(opened_with(&None).is_err());
    let full = "[{cipher, aes_128_cbc}, {hash, sha256}, {iterations, 1}, {passphrase, \"mypass\"}]";
    assert_eq!(opened_with(&decoder(full)), Ok("guest".to_owned()));
    assert_eq!(opened("plain".to_owned(), None), Ok("plain".to_owned()));
}

#[test]
fn a_passphrase_may_be_the_first_line_of_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "mypass\r\nmore\n").unwrap();
    let term = format!("[{{passphrase, {{file, \"{}\"}}}}]", file.path().display());
    let sealed = "encrypted:X++vybtpfNeiA2VZLhi6vx8kTFGCKHulWDECdVpajzT19h2TRoElBL+nTl6Eo26N";
    let opened = opened(sealed.to_owned(), decoder(&term).as_ref());
    assert_eq!(opened, Ok("guest".to_owned()));
}

#[test]
fn what_is_no_decoder_is_refused() {
    for term in [
        "[]",
        "passphrase",
        "[{passphrase, prompt}]",
        "[{passphrase, {file, \"/nowhere/at/all\"}}]",
        "[{passphrase, \"x\"}, {cipher, rot13}]",
        "[{passphrase, \"x\"}, {iterations, 0}]",
        "[{passphrase, \"x\"}, {iterations, many}]",
    ] {
        assert!(decoder(term).is_none(), "{term}");
    }
}

#[test]
fn an_encrypted_term_is_the_value_of_a_line() {
    let Term::Tuple(pair, _) = text::read("{encrypted, <<\"abc\">>}.").unwrap() else {
        panic!("a pair");
    };
    assert_eq!(line(&pair).as_deref(), Some("encrypted:abc"));
    assert_eq!(line(&[]), None);
}
