//! Integration tests: a broker in this process, spoken to over TCP.

#![expect(
    clippy::disallowed_methods,
    reason = "deadlines of tests are in real time, whatever the broker's clock says"
)]

mod administration;
mod audit;
mod bench;
mod brim;
mod browse;
mod changes;
mod cli;
mod cli_data;
mod cli_repair;
mod client;
mod compat;
mod counters;
mod ctl_scripts;
mod definitions;
mod delayed;
mod differences;
mod durability;
mod embed;
mod event_exchange;
mod events;
mod explain;
mod explain_publish;
mod flows;
mod golden;
mod gone;
mod held;
mod hostile;
mod http;
mod http_any;
mod http_definitions;
mod http_live;
mod http_rates;
mod http_scripts;
mod in_force;
mod installed;
mod journal;
mod kill;
mod limits;
mod live;
mod log;
mod log_tail;
mod machine;
mod management;
mod metrics;
mod node;
mod openapi;
mod order;
mod page;
mod pause;
mod picking;
mod plugins;
mod pressure;
mod process;
mod rabbitmq_conf;
mod remembered;
mod requests;
mod rights;
mod rot;
mod script;
mod scripts;
mod setup;
mod shutdown;
mod silent;
mod slow_scrapers;
mod streams;
mod talker;
mod tidy;
mod trouble;
mod upgrade;
mod views;
mod wire;
