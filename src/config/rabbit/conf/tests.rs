use super::*;

/// Each case of the golden file is the text, and behind `=>` what RabbitMQ's parser makes of it:
/// names and values, or `syntax` with the line.
#[test]
fn a_text_is_read_as_rabbitmq_reads_it() {
    let cases = include_str!("../../../../tests/golden/rabbitmq_conf/grammar.txt");
    let mut count = 0;
    for case in cases.lines().filter(|line| line.starts_with('"')) {
        let (text, expected) = case.split_once(" => ").unwrap();
        let text: String = serde_json::from_str(text).unwrap();
        assert_eq!(told(&text), expected, "{text:?}");
        count += 1;
    }
    assert!(count > 40, "{count}");
}

fn told(text: &str) -> String {
    let told = lines(text).into_iter().map(|(line, said)| match said {
        Said::Setting { name, value } => format!("{name:?}={value:?}"),
        Said::Include(path) => format!("include {path:?}"),
        Said::Nothing => "nothing".to_owned(),
        Said::Nonsense => format!("syntax {line}"),
    });
    told.collect::<Vec<_>>().join(" ")
}

#[test]
fn variables_are_put_in_wherever_they_stand() {
    let variable = |name: &str| (name == "A").then(|| "x".to_owned());
    let with = |value| with_variables(value, variable);
    assert_eq!(with("$(A)").unwrap(), "x");
    assert_eq!(with("a$(A)b$(A)").unwrap(), "axbx");
    assert_eq!(with("$(A").unwrap(), "$(A");
    assert_eq!(with("$A").unwrap(), "$A");
    assert_eq!(with("$(A)$(B)").unwrap_err(), "B");
}
