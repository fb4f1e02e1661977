//! Encrypted values of a configuration: a term's octets under a key that is made of a passphrase.
//!
//! The text is base64 of a salt, a first block and the ciphertext. The key is PBKDF2's, with the
//! passphrase, the salt, a hash and a number of iterations; the mode is CBC with the padding of
//! PKCS #7.
//!
//! Docs: configure, encrypted values. Seen: RabbitMQ 4.3.6, `rabbitmqctl encode` and `decode`,
//! `ctl/secrets.ctl`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::SimpleHmac;
use pbkdf2::pbkdf2;

use crate::{Term, octets};

/// Octets of a salt.
const SALT: usize = 16;

/// How values are encrypted.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    cipher: &'static Cipher,
    hash: &'static Hash,
    iterations: u32,
}

/// Encrypts or decrypts, with a key and a first block; nothing if they or the octets do not fit.
type Work = fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>;

/// Makes a key of passphrase and salt.
type Derive = fn(&[u8], &[u8], Wanted) -> Option<Vec<u8>>;

/// A cipher in a mode.
#[derive(Debug)]
struct Cipher {
    name: &'static str,
    /// Octets of a key.
    key: usize,
    /// Octets of a first block.
    block: usize,
    encrypt: Work,
    decrypt: Work,
}

/// A hash that keys are made with.
#[derive(Debug)]
struct Hash {
    name: &'static str,
    derive: Derive,
}

/// The key that is wanted.
struct Wanted {
    octets: usize,
    iterations: u32,
}

macro_rules! ciphers {
    ($($name:literal $key:literal $block:literal $cipher:ty,)*) => {
        &[$(Cipher {
            name: $name,
            key: $key,
            block: $block,
            encrypt: encrypt::<cbc::Encryptor<$cipher>>,
            decrypt: decrypt::<cbc::Decryptor<$cipher>>,
        },)*]
    };
}

macro_rules! hashes {
    ($($name:literal $hash:ty,)*) => {
        &[$(Hash {
            name: $name,
            derive: |passphrase, salt, wanted| {
                let mut key = vec![0; wanted.octets];
                let times = wanted.iterations;
                let made = pbkdf2::<SimpleHmac<$hash>>(passphrase, salt, times, &mut key);
                made.ok().map(|()| key)
            },
        },)*]
    };
}

/// In the order in which RabbitMQ lists them, which has more of them: other modes, and ciphers that
/// are not to be used any more.
const CIPHERS: &[Cipher] = ciphers! {
    "aes_192_cbc" 24 16 aes::Aes192,
    "aes_256_cbc" 32 16 aes::Aes256,
    "aes_128_cbc" 16 16 aes::Aes128,
    "des_ede3_cbc" 24 8 des::TdesEde3,
};

/// The same.
const HASHES: &[Hash] = hashes! {
    "blake2s" blake2::Blake2s256,
    "blake2b" blake2::Blake2b512,
    "sha3_512" sha3::Sha3_512,
    "sha3_384" sha3::Sha3_384,
    "sha3_256" sha3::Sha3_256,
    "sha3_224" sha3::Sha3_224,
    "sha512_256" sha2::Sha512_256,
    "sha512_224" sha2::Sha512_224,
    "sha512" sha2::Sha512,
    "sha384" sha2::Sha384,
    "sha256" sha2::Sha256,
    "sha224" sha2::Sha224,
    "sha" sha1::Sha1,
    "md5" md5::Md5,
};

/// What a method cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// There is no such cipher.
    Cipher,
    /// There is no such hash.
    Hash,
    /// There must be one at least, and no more than four octets can count.
    Iterations,
}

/// The names of ciphers.
pub fn ciphers() -> impl Iterator<Item = &'static str> {
    CIPHERS.iter().map(|cipher| cipher.name)
}

/// The names of hashes.
pub fn hashes() -> impl Iterator<Item = &'static str> {
    HASHES.iter().map(|hash| hash.name)
}

impl Method {
    /// The method of these names; what is not named is as RabbitMQ has it by default.
    ///
    /// # Errors
    /// What there is not, the cipher before the rest.
    pub fn new(
        cipher: Option<&str>,
        hash: Option<&str>,
        iterations: Option<i64>,
    ) -> Result<Self, Unsupported> {
        let (cipher, hash) = (cipher.unwrap_or("aes_128_cbc"), hash.unwrap_or("sha256"));
        let cipher = CIPHERS.iter().find(|known| known.name == cipher);
        let hash = HASHES.iter().find(|known| known.name == hash);
        let iterations = u32::try_from(iterations.unwrap_or(1));
        Ok(Self {
            cipher: cipher.ok_or(Unsupported::Cipher)?,
            hash: hash.ok_or(Unsupported::Hash)?,
            iterations: match iterations {
                Ok(iterations) if iterations > 0 => iterations,
                _ => return Err(Unsupported::Iterations),
            },
        })
    }

    /// Encrypts a term; `None` if there is no randomness to be had.
    #[must_use]
    pub fn encrypt(&self, passphrase: &[u8], term: &Term) -> Option<String> {
        let mut sealed = vec![0; SALT + self.cipher.block];
        getrandom::fill(&mut sealed).ok()?;
        let (salt, first) = sealed.split_at(SALT);
        let key = self.key(passphrase, salt)?;
        let secret = (self.cipher.encrypt)(&key, first, &octets::of(term))?;
        sealed.extend(secret);
        Some(STANDARD.encode(sealed))
    }

    /// Decrypts a text; `None` if it was not made with this method and passphrase.
    #[must_use]
    pub fn decrypt(&self, passphrase: &[u8], sealed: &str) -> Option<Term> {
        let sealed = STANDARD.decode(sealed).ok()?;
        let (salt, rest) = sealed.split_at_checked(SALT)?;
        let (first, secret) = rest.split_at_checked(self.cipher.block)?;
        let key = self.key(passphrase, salt)?;
        let clear = (self.cipher.decrypt)(&key, first, secret)?;
        octets::read(&clear)
    }

    fn key(&self, passphrase: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
        let wanted = Wanted {
            octets: self.cipher.key,
            iterations: self.iterations,
        };
        (self.hash.derive)(passphrase, salt, wanted)
    }
}

fn encrypt<C: KeyIvInit + BlockModeEncrypt>(
    key: &[u8],
    first: &[u8],
    clear: &[u8],
) -> Option<Vec<u8>> {
    let cipher = C::new_from_slices(key, first).ok()?;
    Some(cipher.encrypt_padded_vec::<Pkcs7>(clear))
}

fn decrypt<C: KeyIvInit + BlockModeDecrypt>(
    key: &[u8],
    first: &[u8],
    secret: &[u8],
) -> Option<Vec<u8>> {
    let cipher = C::new_from_slices(key, first).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(secret).ok()
}

#[cfg(test)]
mod tests;
