use super::*;

fn written(columns: &Columns, write: impl FnOnce(&mut Object<'_>)) -> String {
    let mut text = b"before ".to_vec();
    Object::write(&mut text, columns, write);
    let text = String::from_utf8(text).unwrap();
    text.strip_prefix("before ").unwrap().to_owned()
}

fn counter(object: &mut Object<'_>, key: &str, count: u64, rate: f64) {
    object.set(key, &count);
    object.object(&format!("{key}_details"), |details| {
        details.set("rate", &rate)
    });
}

fn queue(object: &mut Object<'_>) {
    object.set("name", "a \"name\"");
    object.set_some("policy", None::<&str>);
    object.object("arguments", |_| ());
    counter(object, "messages", 3, 0.5);
    object.object("message_stats", |stats| counter(stats, "publish", 7, 1.0));
    object.array("listeners", [1, 2], |listener, port| {
        listener.set("port", &port);
        listener.set("tls", &false);
    });
}

#[test]
fn an_object_has_all_its_keys_in_their_order() {
    assert_eq!(
        written(&Columns::all(), queue),
        "{\"name\":\"a \\\"name\\\"\",\"arguments\":{},\"messages\":3,\
         \"messages_details\":{\"rate\":0.5},\"message_stats\":{\"publish\":7,\
         \"publish_details\":{\"rate\":1.0}},\"listeners\":[{\"port\":1,\"tls\":false},\
         {\"port\":2,\"tls\":false}]}"
    );
    assert_eq!(written(&Columns::all(), |_| ()), "{}");
}

#[test]
fn only_the_columns_that_are_wanted_are_there() {
    let of = |columns| written(&Columns::of(columns), queue);
    assert_eq!(of("messages,nope"), "{\"messages\":3}");
    assert_eq!(
        of("message_stats.publish_details.rate"),
        "{\"message_stats\":{\"publish_details\":{\"rate\":1.0}}}"
    );
    assert_eq!(
        of("listeners.port"),
        "{\"listeners\":[{\"port\":1},{\"port\":2}]}"
    );
    assert_eq!(
        of("messages_details.rate,messages_details,name"),
        "{\"name\":\"a \\\"name\\\"\",\"messages_details\":{\"rate\":0.5}}"
    );
}

#[test]
fn without_any_known_column_it_is_an_empty_array() {
    let of = |columns| written(&Columns::of(columns), queue);
    assert_eq!(of("nope"), "[]");
    assert_eq!(of(""), "[]");
    assert_eq!(of("message_stats.nope"), "[]");
    assert_eq!(of("message_stats.nope,messages"), "{\"messages\":3}");
}

#[test]
fn a_path_of_any_depth_is_read_on_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(64 * 1024);
    let read = small.spawn(|| {
        let deep = Columns::of(&"a.".repeat(30_000));
        let deepest = |columns: &Columns| {
            let (mut inside, mut depth) = (columns, 0);
            while let Some(next) = inside.inside("a").filter(|_| *inside != Columns::All) {
                (inside, depth) = (next, depth + 1);
            }
            depth
        };
        deepest(&deep)
    });
    assert_eq!(read.unwrap().join().unwrap(), COLUMN_DEPTH);
}
