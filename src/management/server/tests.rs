use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

/// Time passes, at once.
async fn pass(time: Duration) {
    drop(timeout(time, pending::<()>()).await);
}

/// A socket with room for 1 KiB, its other end, and the count of answers.
fn pair() -> (Paced<DuplexStream>, DuplexStream, Arc<AtomicU64>) {
    let (ours, theirs) = duplex(1024);
    let answers = Arc::new(AtomicU64::new(0));
    (Paced::new(ours, Arc::clone(&answers)), theirs, answers)
}

// It was cut off only after 45 s without an octet: one octet every 44 s held it open for ever.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_an_octet_now_and_then_is_cut_off() {
    let (mut socket, mut client, _) = pair();
    let reads = tokio::spawn(async move {
        let mut octet = [0; 1];
        while client.read_exact(&mut octet).await.is_ok() {
            pass(Duration::from_secs(20)).await;
        }
    });
    let error = socket.write_all(&[0; 8 * 1024]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    drop(socket);
    reads.abort();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_pace_reads_to_the_end() {
    let (mut socket, mut client, _) = pair();
    let octets = usize::try_from(4 * HTTP_PACE.1).unwrap();
    tokio::spawn(async move {
        let mut some = vec![0; octets / 16];
        while client.read_exact(&mut some).await.is_ok() {
            pass(Duration::from_secs(2)).await;
        }
    });
    socket.write_all(&vec![0; octets]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_all_its_time_however_long_the_one_before_took() {
    let (mut socket, mut client, answers) = pair();
    for _ in 0..3 {
        let write = async {
            answers.fetch_add(1, Ordering::Relaxed);
            socket.write_all(&[0; 2048]).await.unwrap();
        };
        let read = async {
            pass(Duration::from_millis(HTTP_PACE.0 - 1)).await;
            client.read_exact(&mut [0; 2048]).await.unwrap();
        };
        tokio::join!(write, read);
    }
}

// A request that took longer than 45 s was cut off in the middle.
#[tokio::test(start_paused = true)]
async fn silence_alone_cuts_nothing_off() {
    let (mut socket, mut client, _) = pair();
    tokio::spawn(async move {
        pass(Duration::from_secs(3600)).await;
        client.write_all(b"x").await.unwrap();
        client
    });
    assert_eq!(socket.read_u8().await.unwrap(), b'x');
}
