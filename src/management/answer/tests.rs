use hyper::body::Body as _;

use super::*;
use crate::limits::HTTP_GET_BYTES;
use crate::management::aside::Aside;

#[tokio::test(start_paused = true)]
async fn a_long_answer_has_its_room_until_all_of_it_is_sent() {
    let aside = Aside::default();
    let room = aside.room_for_answer(2 * HTTP_GET_BYTES).await.unwrap();
    let text = vec![b' '; HTTP_CHUNK + 1];
    let Content::Stream(mut body) = Reply::kept(text, room).content else {
        panic!("it is sent in pieces");
    };
    assert_eq!(body.size_hint().exact(), Some(HTTP_CHUNK as u64 + 1));
    let mut lengths = Vec::new();
    while !body.is_end_stream() {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx));
        lengths.push(frame.await.unwrap().unwrap().into_data().unwrap().len());
        assert!(aside.room_for_answer(2 * HTTP_GET_BYTES).await.is_none());
    }
    assert_eq!(lengths, [HTTP_CHUNK, 1]);
    drop(body);
    assert!(aside.room_for_answer(2 * HTTP_GET_BYTES).await.is_some());
}
