use super::*;

fn check(kind: u8, payload: &[u8], text: &str) {
    assert_eq!(described(kind, payload), text);
}

#[test]
fn octets_are_shown_as_erlang_prints_them() {
    check(
        1,
        &[0, 20, 0, 10, 0],
        "type 1, all octets = <<0,20,0,10,0>>",
    );
    check(8, b"", "type 8, all octets = <<>>");
    check(9, b"abc", "type 9, all octets = <<\"abc\">>");
    let escaped = "type 3, all octets = <<\"hello\\n\\\"world\\\\\">>";
    check(3, b"hello\n\"world\\", escaped);
    let latin = "type 9, first 16 octets = <<\"ÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×\">>";
    check(9, &(200..=216).collect::<Vec<u8>>(), latin);
}

#[test]
fn long_number_lists_are_broken_at_column_80() {
    let mut payload = vec![0, 20, 0, 10];
    payload.extend([255; 40]);
    let text = format!(
        "type 1, first 16 octets = <<0,20,0,10,{}\n{}255,255>>",
        "255,".repeat(10),
        " ".repeat(28)
    );
    check(1, &payload, &text);
}

#[test]
fn sixteen_octets_are_all_octets() {
    assert!(described(1, &[b'a'; 16]).contains("all octets = "));
    assert!(described(1, &[b'a'; 17]).contains("first 16 octets = "));
}

#[test]
fn too_large_frame_names_size_and_room() {
    let error = FrameError::TooLarge {
        kind: 3,
        channel: ChannelId(1),
        size: 131_073,
        payload_max: 131_072,
    };
    assert_eq!(
        broken(&error).reply_text(),
        "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,131073,131064}"
    );
}
