use super::*;

const SALT: [u8; 4] = [1, 2, 3, 4];

fn check_digest(algorithm: HashingAlgorithm, expected: &str) {
    let hash = PasswordHash::with_salt(algorithm, SALT, b"test12");
    assert_eq!(STANDARD.encode(&hash.octets[4..]), expected);
    assert!(hash.verify(b"test12"));
    assert!(!hash.verify(b"test13"));
}

fn parsed(base64: &str) -> PasswordHash {
    PasswordHash::parse(base64, HashingAlgorithm::Sha256).unwrap()
}

// Expected digests: rabbit_password:salted_hash/3 of RabbitMQ 4.3.6.

#[test]
fn sha256_is_rabbitmqs() {
    check_digest(
        HashingAlgorithm::Sha256,
        "A72nd08qEgc63+IfcVY5ObxKEsN2eDma7jLRAtvoKrk=",
    );
}

#[test]
fn sha512_is_rabbitmqs() {
    let expected = "RqyLnupCYqspLeFP+1OhlBNIZ7RojGF4Uk/M41Z9xksAursmWSMitzjMqbOgKXaLmWKBLMfaXFRN\
                    vLAMRQAu5w==";
    check_digest(HashingAlgorithm::Sha512, expected);
}

#[test]
fn md5_is_rabbitmqs() {
    check_digest(HashingAlgorithm::Md5, "N4G64fy5sP7oiy+NM/Yi3w==");
}

#[test]
fn hash_exported_by_rabbitmq_accepts_its_password() {
    let hash = parsed("WysL3y7XKHDX+nJ8dBSc20XE2CFC+Q4vzg6rhKXwqeH7b+nh");
    assert!(hash.verify(b"pw"));
    assert!(!hash.verify(b"pW"));
}

#[test]
fn documented_vector_has_its_salt_and_goes_round() {
    let text = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";
    let made = PasswordHash::with_salt(
        HashingAlgorithm::Sha256,
        [0x90, 0x8D, 0xC6, 0x0A],
        b"test12",
    );
    assert_eq!(made.to_base64(), text);
    assert_eq!(parsed(text), made);
}

#[test]
fn blank_password_is_never_right() {
    let hash = PasswordHash::create(HashingAlgorithm::Sha256, b"").unwrap();
    assert!(!hash.verify(b""));
    assert!(!PasswordHash::none().verify(b""));
}

#[test]
fn empty_or_short_hash_lets_nobody_in() {
    for text in ["", "abcd", "kI3GCg=="] {
        let hash = parsed(text);
        assert!(!hash.verify(b"x") && !hash.verify(b""), "{text}");
        assert_eq!(hash.to_base64(), text);
    }
}

#[test]
fn each_hash_has_its_own_salt() {
    let [a, b] = [(); 2].map(|()| PasswordHash::create(HashingAlgorithm::Sha256, b"x").unwrap());
    assert_ne!(a, b);
    assert!(a.verify(b"x") && b.verify(b"x"));
}

#[test]
fn garbage_is_refused_with_its_reason() {
    let not_base64 = PasswordHash::parse("xx!", HashingAlgorithm::Sha256);
    assert_eq!(not_base64, Err(PasswordError::NotBase64("xx!".into())));
    let unknown = HashingAlgorithm::from_name("nope").unwrap_err();
    assert!(
        unknown
            .to_string()
            .starts_with("unknown hashing_algorithm 'nope'")
    );
}

#[test]
fn debug_shows_no_hash() {
    assert_eq!(
        format!("{:?}", parsed("abcd")),
        "PasswordHash(rabbit_password_hashing_sha256)"
    );
}
