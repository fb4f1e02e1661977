use super::*;

#[test]
fn every_method_reads_what_it_wrote_and_nothing_else() {
    let secret = Term::Binary(b"guest".to_vec());
    for cipher in ciphers() {
        for hash in hashes() {
            let method = Method::new(Some(cipher), Some(hash), Some(2)).unwrap();
            let sealed = method.encrypt(b"pass", &secret).unwrap();
            assert_eq!(method.decrypt(b"pass", &sealed), Some(secret.clone()));
            let other = Method::new(Some(cipher), Some(hash), Some(3)).unwrap();
            assert_ne!(other.decrypt(b"pass", &sealed), Some(secret.clone()));
            assert_ne!(method.decrypt(b"past", &sealed), Some(secret.clone()));
        }
    }
}

#[test]
fn what_there_is_not_is_named() {
    let wrong = |cipher, hash, iterations| Method::new(cipher, hash, iterations).unwrap_err();
    assert_eq!(
        wrong(Some("rot13"), Some("x"), Some(0)),
        Unsupported::Cipher
    );
    assert_eq!(wrong(None, Some("x"), Some(0)), Unsupported::Hash);
    assert_eq!(wrong(None, None, Some(0)), Unsupported::Iterations);
    assert_eq!(wrong(None, None, Some(1 << 40)), Unsupported::Iterations);
}

#[test]
fn texts_that_were_never_encrypted_are_refused() {
    let method = Method::new(None, None, Some(1)).unwrap();
    for text in [
        "",
        "?",
        "AAAA",
        &STANDARD.encode([0; 32]),
        &STANDARD.encode([0; 47]),
    ] {
        assert_eq!(method.decrypt(b"", text), None, "{text}");
    }
}
