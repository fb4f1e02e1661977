use super::*;

#[test]
fn hard_codes_are_those_that_close_the_connection() {
    let hard: Vec<u16> = ReplyCode::ALL
        .iter()
        .filter(|code| code.scope() == Scope::Connection)
        .map(|code| code.number())
        .collect();
    assert_eq!(
        hard,
        [320, 402, 501, 502, 503, 504, 505, 506, 530, 540, 541]
    );
}

#[test]
fn number_leads_back_to_its_code() {
    for code in ReplyCode::ALL {
        assert_eq!(ReplyCode::from_number(code.number()), Some(*code));
    }
    assert_eq!(ReplyCode::from_number(200), None);
}

#[test]
fn code_prints_number_and_name() {
    assert_eq!(ReplyCode::NotFound.to_string(), "404 NOT_FOUND");
}
