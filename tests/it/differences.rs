//! README's table of differences: each of its rows names what shows it, and that is there.
//!
//! A script shows both sides: it has lines for each of the two, or says what RabbitMQ does where no
//! script can see it. A test shows ours, where RabbitMQ's takes a restart, a kill or its HTTP API;
//! what it does was asked of 4.3.6 then.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::Path;

use Shown::{Absent, Script, Test};

/// What shows a row.
enum Shown {
    /// A conversation in `tests/scripts`.
    Script(&'static str),
    /// A file and a test in it.
    Test(&'static str, &'static str),
    /// There is nothing here that could be shown.
    Absent,
}

/// The first cell of every row, and what shows it.
const ROWS: &[(&str, &[Shown])] = &[
    (
        "`basic.qos` with `global=true`",
        &[
            Script("qos/global_is_per_consumer_unless_permitted"),
            Script("qos/a_shared_limit_starves_no_queue"),
        ],
    ),
    (
        "`x-queue-master-locator` on a classic queue",
        &[Script("queue/master_locator_is_deprecated")],
    ),
    (
        "Smallest `frame_max` a client may ask for",
        &[Script("differs/smallest_frame_max")],
    ),
    (
        "Argument table or method that cannot be decoded",
        &[Script(
            "framing/unknown_type_letter_in_arguments_drops_the_connection",
        )],
    ),
    (
        "`cancel-ok` from a client whose consumer was cancelled",
        &[Script("cancel/cancel_ok_from_a_client")],
    ),
    (
        "Declaring a direct reply-to name that is no such name",
        &[Script("reply_to/names_of_no_node")],
    ),
    (
        "Consuming from a direct reply-to name once its consumer is cancelled, on the channel \
         that had it",
        &[Script("differs/reply_name_after_its_consumer")],
    ),
    (
        "`tx.commit` after a target queue was deleted",
        &[Script("tx/commit_after_the_queue_is_gone")],
    ),
    (
        "`tx.commit` into a full `reject-publish` quorum queue",
        &[Script("tx/a_full_quorum_queue_is_406_at_commit")],
    ),
    (
        "Transient exchanges and their bindings after a restart",
        &[Test(
            "tests/it/durability.rs",
            "durable_topology_survives_and_the_rest_does_not",
        )],
    ),
    (
        "Counts in declare-ok and get-ok",
        &[Test(
            "tests/it/views.rs",
            "queue_is_shown_as_the_last_answer_left_it",
        )],
    ),
    (
        "Integer `x-stream-filter-value`, decimal header, `reply-to` that is not UTF-8 in a stream",
        &[Script("differs/stream_values_of_odd_types")],
    ),
    (
        "Header and property octets in classic queues",
        &[
            Script("content/synonyms_in_headers"),
            Script("stream/first_of_equal_headers_stays"),
        ],
    ),
    (
        "A client that closes its socket while an alarm blocks it",
        &[
            Test(
                "tests/it/gone.rs",
                "a_blocked_client_that_closes_its_socket_leaves_nothing",
            ),
            Test(
                "tests/it/gone.rs",
                "a_blocked_client_that_closes_behind_octets_without_room_leaves_nothing",
            ),
        ],
    ),
    (
        "Exported definitions",
        &[Test(
            "tests/it/definitions.rs",
            "a_document_of_rabbitmq_comes_out_as_it_went_in",
        )],
    ),
    (
        "Imported section with an item that is refused",
        &[Test(
            "tests/it/definitions.rs",
            "a_section_is_imported_whole_or_not_at_all",
        )],
    ),
    (
        "Queues in a document with a limit that allows fewer of them",
        &[Test(
            "src/desk/definitions/tests.rs",
            "a_vhost_is_not_filled_past_its_limit",
        )],
    ),
    (
        "Decimal argument in definitions (1.25)",
        &[Test(
            "tests/it/definitions.rs",
            "a_decimal_argument_is_exported_as_its_number",
        )],
    ),
    (
        "End of a refused login, once the client has answered with close-ok",
        &[Test(
            "tests/it/limits.rs",
            "refused_login_ends_in_order_once_the_client_has_answered",
        )],
    ),
    (
        "Name of a virtual host",
        &[Test(
            "tests/it/definitions.rs",
            "names_of_virtual_hosts_end_at_255_octets",
        )],
    ),
    (
        "Items of definitions without a name, or of a wrong type",
        &[Test(
            "src/desk/definitions/tests.rs",
            "refusals_read_like_rabbitmqs",
        )],
    ),
    (
        "Items of definitions that are no objects (`{\"users\":[1]}`)",
        &[Test(
            "src/desk/definitions/tests.rs",
            "an_item_that_is_no_object_refuses_the_document",
        )],
    ),
    (
        "Nesting of tables",
        &[
            Script("differs/nesting_of_tables"),
            Test("codec/src/table/tests.rs", "number_of_values_has_a_limit"),
        ],
    ),
    (
        "First octets that are no AMQP 0-9-1",
        &[Script("handshake/junk_gets_a_header_and_a_close")],
    ),
    (
        "Look-around in patterns of permissions and policies",
        &[
            Script("differs/look_around_in_permissions"),
            Test(
                "src/auth/pattern/tests.rs",
                "other_look_around_is_refused_with_a_reason",
            ),
        ],
    ),
    (
        "A hash header or property argument of a wrong type",
        &[Script("differs/hash_arguments_of_wrong_types")],
    ),
    (
        "What a channel does not commit, or not acknowledge",
        &[
            Test(
                "tests/it/limits.rs",
                "what_a_channel_does_not_commit_is_bounded",
            ),
            Test(
                "tests/it/limits.rs",
                "what_a_channel_does_not_acknowledge_is_bounded",
            ),
        ],
    ),
    (
        "`x-delayed-message`, `x-message-deduplication`",
        &[
            Script("differs/exchanges_of_plugins"),
            Test(
                "tests/it/delayed.rs",
                "an_exchange_drops_duplicates_for_as_long_as_it_remembers",
            ),
        ],
    ),
    (
        "x-recent-history, x-random, x-consistent-hash, x-modulus-hash",
        &[Script("differs/exchanges_of_plugins")],
    ),
    (
        "Which queue a consistent hash picks",
        &[Test(
            "src/exchange/hash/tests.rs",
            "destinations_get_their_share_of_the_keys",
        )],
    ),
    (
        "At-least-once dead letters that cannot be routed",
        &[Script("quorum/at_least_once_dead_letters_wait_for_a_route")],
    ),
    (
        "AMQP 1.0, MQTT, STOMP, the stream protocol",
        &[Script("handshake/amqp_1_0_is_refused")],
    ),
    ("Clustering", &[Absent]),
    (
        "Users, vhosts, permissions, limits, policies, parameters",
        &[Test(
            "tests/it/administration.rs",
            "every_change_by_an_operator_survives_a_restart",
        )],
    ),
    (
        "Who may use `rabbitmqctl` and the other tools",
        &[Test(
            "tests/it/node.rs",
            "only_the_owner_of_a_broker_and_root_may_ask",
        )],
    ),
    (
        "`rabbitmqctl eval`",
        &[Test(
            "src/program/node/eval/tests.rs",
            "terms_are_their_own_values_and_the_rest_is_refused_in_words",
        )],
    ),
    (
        "Ciphers and hashes of encrypted settings (`rabbitmqctl encode`)",
        &[Script("ctl/secrets")],
    ),
    (
        "A value that cannot be encrypted or decrypted",
        &[Script("ctl/secrets")],
    ),
    (
        "Control characters in names that tools print",
        &[Script("ctl/escapes")],
    ),
    (
        "`rabbitmq-diagnostics log_tail`, `log_tail_stream`",
        &[Test(
            "tests/it/log_tail.rs",
            "tools_read_the_log_whether_the_application_runs_or_not",
        )],
    ),
    (
        "When log files of categories (`log.connection.file`) are put aside",
        &[Test(
            "tests/it/log.rs",
            "a_file_of_a_category_is_put_aside_as_the_logs_file_is",
        )],
    ),
    (
        "`stop_app` and `start_app` of a broker that writes nothing (`--ephemeral`)",
        &[Test(
            "tests/it/node.rs",
            "a_stopped_application_closes_its_doors_and_comes_back_with_its_data",
        )],
    ),
    (
        "`default_permissions.read` and `.write` in a `rabbitmq.conf`",
        &[Test(
            "src/config/rabbit/reading/tests.rs",
            "permissions_of_the_default_user_are_what_their_lines_say",
        )],
    ),
    (
        "What new virtual hosts are to get that cannot be \
         (`default_policies.operator.NAME.classic_queues.ha_mode`, a pattern that is none)",
        &[Test(
            "src/desk/administration/seeds/tests.rs",
            "what_no_vhost_could_get_ends_the_start_by_its_name",
        )],
    ),
    (
        "A file that `include` names and that is not there",
        &[Test(
            "tests/it/rabbitmq_conf.rs",
            "what_is_wrong_is_refused_with_file_line_and_reason",
        )],
    ),
    (
        "The full name of the machine, in the name of a cluster that was given none",
        &[Test(
            "src/config/node/tests.rs",
            "the_first_name_of_a_line_is_the_full_one",
        )],
    ),
    (
        "Two nodes with one name on a machine",
        &[Test(
            "tests/it/node.rs",
            "of_two_brokers_with_one_name_the_first_has_it_until_it_is_gone",
        )],
    ),
    (
        "Runtime parameters of shovel and federation",
        &[Test(
            "src/desk/definitions/tests.rs",
            "refusals_read_like_rabbitmqs",
        )],
    ),
    (
        "Policy keys of the federation and sharding plugins",
        &[Test(
            "src/policy/tests.rs",
            "what_is_not_known_is_listed_after_bad_values",
        )],
    ),
    (
        "Management HTTP API",
        &[Test(
            "tests/it/management.rs",
            "methods_and_paths_are_answered_as_rabbitmq_does",
        )],
    ),
    (
        "The page at `/` of the management API's port",
        &[Test(
            "tests/it/http_scripts.rs",
            "broker_follows_every_script",
        )],
    ),
    (
        "`connection` and `channel` in the firehose's copies of what goes over HTTP",
        &[Test(
            "tests/it/management.rs",
            "the_firehose_copies_what_goes_over_http",
        )],
    ),
    (
        "A copy of the firehose that is dead-lettered in the traced virtual host",
        &[Test(
            "src/vhost/tests/firehose.rs",
            "copies_that_have_died_are_not_copied_either",
        )],
    ),
    (
        "`properties_key` of a binding with arguments",
        &[Test(
            "src/management/resources/bindings/tests.rs",
            "arguments_make_another_key",
        )],
    ),
    (
        "Settings in force over HTTP",
        &[Test(
            "src/config/tests.rs",
            "settings_are_shown_without_secrets",
        )],
    ),
    (
        "Statistics that are reset over HTTP",
        &[Test("tests/it/http_live.rs", "a_reset_keeps_counters")],
    ),
    (
        "Figures of a quorum queue's log over HTTP",
        &[Test(
            "tests/it/http_live.rs",
            "a_quorum_queue_counts_entries",
        )],
    ),
    (
        "Messages got by one HTTP request",
        &[
            Test("tests/it/management.rs", "a_get_has_an_end"),
            Test(
                "tests/it/management.rs",
                "long_answers_with_messages_have_room_for_so_much_together",
            ),
        ],
    ),
    (
        "Rates and samples over HTTP",
        &[
            Test(
                "tests/it/http_rates.rs",
                "a_count_is_there_at_once_and_its_rate_after_a_second",
            ),
            Test(
                "tests/it/http_rates.rs",
                "history_begins_with_the_first_question",
            ),
        ],
    ),
    (
        "Look-around and back references in a pattern for names in a list over HTTP",
        &[Test(
            "src/desk/views/listing/tests.rs",
            "a_pattern_that_would_have_to_go_back_is_refused",
        )],
    ),
    (
        "Text or pattern for names in a list over HTTP",
        &[Test(
            "tests/it/management.rs",
            "the_filter_of_a_list_has_a_length",
        )],
    ),
    (
        "A `page` of the connections or channels of a virtual host that is 0 or no number",
        &[Test(
            "tests/it/http_scripts.rs",
            "broker_follows_every_script",
        )],
    ),
    (
        "`Content-Length` over HTTP beside `Transfer-Encoding`, or twice the same",
        &[Test("tests/it/management.rs", "requests_are_well_formed")],
    ),
    (
        "A message over HTTP while an alarm is on",
        &[Test(
            "tests/it/management.rs",
            "an_alarm_blocks_publishers_over_http",
        )],
    ),
    (
        "An HTTP client that reads its answer slowly",
        &[Test("tests/it/management.rs", "slow_clients_are_cut_off")],
    ),
    (
        "A long body over HTTP of which less than 64 KiB come in 5 s",
        &[Test(
            "tests/it/silent.rs",
            "a_silent_body_gives_way_to_others",
        )],
    ),
    (
        "A long body over HTTP that finds no room among others for 30 s",
        &[Test(
            "src/management/bodies/tests.rs",
            "a_body_that_finds_no_room_for_long_is_refused",
        )],
    ),
    (
        "A change over HTTP while 64 of its kind (publishes, removals, others) are not done for \
         30 s",
        &[Test(
            "src/management/aside/tests.rs",
            "changes_that_wait_shut_out_only_their_own_kind",
        )],
    ),
    (
        "HTTP connections that wait for a request, when 1,024 are open",
        &[Test(
            "tests/it/silent.rs",
            "a_silent_connection_makes_room_for_the_next",
        )],
    ),
    (
        "A change that a page of another site asks for in a browser",
        &[Test(
            "tests/it/management.rs",
            "a_page_of_another_site_changes_nothing",
        )],
    ),
    (
        "Logins from one address of another machine, 300 of which have failed within a minute \
         (`login_failures_max`)",
        &[Test(
            "tests/it/limits.rs",
            "an_address_that_fails_to_log_in_too_often_is_refused",
        )],
    ),
    (
        "`guest` over HTTP, by a public name that leads to this machine",
        &[Test(
            "src/management/foreign/tests.rs",
            "a_page_that_names_this_machine_is_not_from_this_machine",
        )],
    ),
    (
        "Metrics of Erlang and of Raft (`erlang_vm_*`, `erlang_mnesia_*`, `rabbitmq_raft_*`), \
         `telemetry_*`",
        &[Test(
            "tests/it/metrics.rs",
            "families_are_those_of_rabbitmq",
        )],
    ),
    (
        "`rabbitmq_stream_segments`, `rabbitmq_unreachable_cluster_peers_count`",
        &[Test(
            "tests/it/metrics.rs",
            "families_are_those_of_rabbitmq",
        )],
    ),
    (
        "Sums of `rabbitmq_channel_*_total`, `rabbitmq_connection_*_total` and \
         `rabbitmq_queue_messages_published_total`",
        &[Test(
            "tests/it/metrics.rs",
            "a_counter_does_not_fall_when_what_it_counted_is_gone",
        )],
    ),
    (
        "Label `channel` in metrics of channels and connections",
        &[Test("tests/it/metrics.rs", "figures_are_those_of_rabbitmq")],
    ),
    (
        "`rabbitmq_queue_exchange_messages_published_total` of a queue that is deleted",
        &[Test(
            "tests/it/metrics.rs",
            "what_came_to_a_queue_counts_by_exchange_until_it_is_deleted",
        )],
    ),
    (
        "Processes in events (`pid`, `channel`, `connection`, `owner_pid`)",
        &[Test(
            "tests/it/event_exchange.rs",
            "processes_are_the_same_in_all_events",
        )],
    ),
    (
        "Protection of a virtual host from deletion that is set or lifted by itself (`POST` and \
         `DELETE /api/vhosts/V/deletion/protection`)",
        &[Test(
            "tests/it/event_exchange.rs",
            "protection_and_tracing_are_told",
        )],
    ),
    (
        "Events `queue.paused` and `queue.resumed`, and the key `paused` of a paused queue over \
         HTTP",
        &[Test(
            "tests/it/pause.rs",
            "it_is_told_once_and_ends_with_the_broker",
        )],
    ),
    (
        "`connection.closed` of a connection whose login failed, `parameter.set` and \
         `parameter.cleared` while an exchange is deleted, `vhost.down` (events)",
        &[Test(
            "tests/it/event_exchange.rs",
            "each_kind_has_rabbitmqs_fields_and_types",
        )],
    ),
    (
        "TLS",
        &[
            Test(
                "tests/it/tls.rs",
                "only_the_suites_that_are_named_are_spoken",
            ),
            Test(
                "src/config/rabbit/reading/tests.rs",
                "what_would_let_clients_in_if_it_were_passed_over_stops_the_start",
            ),
        ],
    ),
    (
        "`certificate-expiration` (health check)",
        &[Test(
            "tests/it/tls.rs",
            "certificates_that_expire_soon_fail_the_check",
        )],
    ),
    (
        "A TLS listener without a certificate, or whose files cannot be used",
        &[Test(
            "tests/it/tls.rs",
            "what_cannot_be_spoken_stops_the_start",
        )],
    ),
    (
        "Confirm of a persistent message in a classic queue",
        &[Test(
            "src/store/log_store/tests/threads.rs",
            "every_confirm_comes_and_is_true_in_any_order_of_threads",
        )],
    ),
    (
        "Redelivered in a quorum queue, after a broker that was killed",
        &[Test(
            "tests/it/durability.rs",
            "what_was_delivered_before_a_restart_comes_back_as_redelivered",
        )],
    ),
    (
        "Deliveries from a quorum queue that a kill left unanswered",
        &[Test(
            "tests/it/remembered.rs",
            "message_of_a_quorum_queue_remembers_its_returns",
        )],
    ),
    (
        "The timestamp of the head of a queue",
        &[Test(
            "src/queue/tests/counting.rs",
            "head_is_the_message_that_leaves_next",
        )],
    ),
    (
        "Messages of a queue in memory (`messages_ram`)",
        &[Test(
            "src/queue/tests/counting.rs",
            "messages_and_octets_are_counted_where_they_are",
        )],
    ),
    (
        "Order of recovered messages published by different channels",
        &[Test(
            "tests/it/kill.rs",
            "nothing_confirmed_is_lost_however_often_it_is_killed",
        )],
    ),
    (
        "Log lines in its format (`log.format = \"rabbitmq\"`)",
        &[Test(
            "tests/it/log.rs",
            "rabbitmqs_lines_are_said_in_its_words",
        )],
    ),
    (
        "A plugin of which nothing is here (MQTT, STOMP, the stream protocol, LDAP, …)",
        &[Test(
            "tests/it/plugins.rs",
            "plugins_are_listed_with_what_they_need",
        )],
    ),
];

/// The first cells of README's table, without its headings.
fn told() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("## What is different").unwrap();
    let (table, _) = rest.split_once("\n## ").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let named = cells.filter(|cell| !cell.starts_with("**") && !cell.starts_with('|'));
    named.map(str::to_owned).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether it is where the row says, and runs.
fn is_there(shown: &Shown) -> bool {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap_or_default();
    match shown {
        // It begins with what was seen, and has something that both brokers are to answer.
        Script(name) => {
            let kind = if name.starts_with("ctl/") {
                "ctl"
            } else {
                "amqp"
            };
            let script = read(&format!("tests/scripts/{name}.{kind}"));
            let first = script.lines().next().unwrap_or_default();
            first.starts_with('#')
                && first.contains("Seen: RabbitMQ 4.3.6")
                && script.lines().any(is_answer)
        }
        Test(file, name) => {
            is_compiled(file, &read("tests/it/main.rs")) && has_test(&read(file), name)
        }
        Absent => true,
    }
}

/// Whether a line says what a broker is to answer: `S1<` for one of them or both; what tools of one
/// of them print.
fn is_answer(line: &str) -> bool {
    if line.starts_with("@leveret <") || line.starts_with("@rabbitmq <") {
        return true;
    }
    let words = line.split_whitespace();
    words
        .into_iter()
        .any(|word| word.starts_with('S') && word.ends_with('<'))
}

/// Whether a file of `tests/it` is a module of `main`. Others are modules of the library, where
/// the compiler sees to that.
fn is_compiled(file: &str, main: &str) -> bool {
    let module = file
        .strip_prefix("tests/it/")
        .and_then(|file| file.strip_suffix(".rs"));
    module.is_none_or(|module| main.lines().any(|line| line == format!("mod {module};")))
}

/// Whether a function of that name is there with nothing but attributes between it and `#[test]`.
fn has_test(text: &str, name: &str) -> bool {
    let head = format!("fn {name}() {{");
    let is_it = |line: &str| line.strip_prefix("async ").unwrap_or(line) == head;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| is_it(line));
    let before = at.and_then(|at| lines.get(..at)).unwrap_or_default();
    let attributes = before
        .iter()
        .rev()
        .take_while(|line| line.starts_with("#["));
    attributes
        .into_iter()
        .any(|line| *line == "#[test]" || line.starts_with("#[tokio::test("))
}

#[test]
fn every_row_is_shown() {
    let rows: Vec<_> = ROWS.iter().map(|(row, _)| *row).collect();
    assert_eq!(told(), rows, "README's table, and the rows of this file");
    for (row, shown) in ROWS {
        assert!(!shown.is_empty() && shown.iter().all(is_there), "{row}");
    }
}
