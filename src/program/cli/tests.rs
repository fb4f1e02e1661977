//! Which options stand for which settings.

use std::path::Path;

use crate::config::{Durability, LogFormat, LogLevel};
use clap::CommandFactory as _;

use super::*;

fn cli(args: &[&str]) -> Result<Cli, String> {
    let program = ["leveret"].into_iter();
    Cli::try_parse_from(program.chain(args.iter().copied())).map_err(|error| error.to_string())
}

fn loaded(args: &[&str]) -> Result<Loaded, String> {
    let loaded = cli(args)?.options.load(Vec::new(), AsServer::No);
    loaded.map_err(|problems| problems.to_string())
}

#[test]
fn named_options_set_what_they_say() {
    let loaded = loaded(&[
        "--host=::1",
        "--port=7",
        "--data-dir=d",
        "--ephemeral",
        "--log-level=debug",
        "--log-format=json",
    ]);
    let settings = loaded.unwrap().settings;
    assert_eq!((settings.host.as_str(), settings.port), ("::1", 7));
    assert_eq!(settings.data_dir, Path::new("d"));
    assert_eq!(settings.durability, Durability::Memory);
    assert_eq!(
        (settings.log_level, settings.log_format),
        (LogLevel::Debug, LogFormat::Json)
    );
}

#[test]
fn an_option_may_stand_behind_the_command() {
    let loaded = loaded(&["check-config", "--port", "8"]).unwrap();
    assert_eq!(loaded.settings.port, 8);
}

#[test]
fn named_options_come_before_the_others_and_the_last_wins() {
    let loaded = loaded(&["--set", "port=4", "--set", "port=5", "--port", "3"]).unwrap();
    assert_eq!(loaded.settings.port, 5);
}

#[test]
fn a_wrong_value_names_its_option() {
    let wrong = |args: &[&str]| loaded(args).map(|loaded| loaded.settings).unwrap_err();
    assert_eq!(
        wrong(&["--port=-1"]),
        "command line, --port: port: found \"-1\", expected a whole number from 0 to 65535"
    );
    assert_eq!(
        wrong(&["--set", "consumer_timeout=0"]),
        "command line, --set: consumer_timeout: found \"0\", \
         expected milliseconds, a whole number from 1 up, or none"
    );
    let missing = wrong(&["--config", "no/such.toml"]);
    assert!(
        missing.starts_with("cannot read the settings file no/such.toml: No such file"),
        "{missing}"
    );
}

#[test]
fn a_set_without_a_value_is_refused() {
    let text = cli(&["--set", "port"]).map(|_| ()).unwrap_err();
    assert!(
        text.contains("expected KEY=VALUE, as in port=5673"),
        "{text}"
    );
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}
