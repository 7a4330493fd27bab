//! The command line: what was asked for, and the exit code.
//!
//! Exit codes: 0 right, 1 failed (`check`: a seed has a diagnostic), 2 usage or configuration.

mod admin;
mod check;
mod export;
mod logging;
mod man;
mod screen;
mod status;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::Utc;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{self, Config, ConfigError, DEFAULT_FILE, Overrides, Purpose};
use crate::http::{BindError, Listener};
use crate::ingest::Clock;
use crate::serve::{self, Outside, SetupError};

use logging::Logging;

/// Turns a directory of articles into RSS, Atom and JSON feeds and serves them.
#[derive(Debug, Parser)]
#[command(name = "seedcast", version, arg_required_else_help = true, propagate_version = true)]
#[command(after_help = "A first look: `seedcast serve --seeds DIR`, then open the address that it prints.\n\
                        Every setting, explained: `seedcast default-config`.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the seed directory and serve its feeds
    Serve(Serve),
    /// Parse seeds without serving them; print each item, where its times came from, and any problem
    ///
    /// Without PATH the whole seed directory is read. Exits with 1 when a seed has a problem. With --config-only no seed is
    /// read: it exits with 0 when `serve` would take the configuration and find what it names (seed directory, certificate,
    /// access log), with 1 when something is not there, and with 2 when a setting is wrong.
    Check(Check),
    /// Write every document as files, for any static host
    ///
    /// Beside each file lie its pre-compressed variants (.gz, .br, .zst); manifest.json has the validators of each. A second
    /// run writes only what has changed, and where standard error is no terminal it says nothing if nothing has.
    Export(Export),
    /// Show how the running service is doing
    ///
    /// Exits with 1 when it is not ready.
    Status(StatusArguments),
    /// Ask the running service to list the seed directory now
    Rescan(Rescan),
    /// Ask the running service whether it is ready, and if not, why
    ///
    /// Exits with 1 when it is not; for containers and monitoring.
    Healthcheck(Admin),
    /// Print the default configuration, with every key explained
    DefaultConfig,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
struct Settings {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of the seeds [seeds.directory]
    #[arg(long, value_name = "DIR")]
    seeds: Option<PathBuf>,
    /// Log level: error, warn, info, debug, or levels per area [log.level]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Format of log lines [log.format]
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"])]
    log_format: Option<String>,
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Address to serve on, such as 127.0.0.1:8080 or unix:/run/seedcast/http.sock; may be given several times
    /// [http.listen]
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Where subscribers reach the service [site.base_url]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Where ids and history are kept, such as sqlite:/var/lib/seedcast/seedcast.db [store.url]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    settings: Settings,
    /// Seeds or directories, below the seed directory or elsewhere
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Check the configuration and what it names, and read no seed: before a reload
    #[arg(long, conflicts_with = "paths")]
    config_only: bool,
    /// Output format (json: one object per seed, one per line)
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    settings: Settings,
    /// Directory to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where subscribers reach the files [site.base_url]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Where ids and history are kept [store.url]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Accept that missing seeds are really gone, however many
    #[arg(long)]
    accept_removals: bool,
    /// Print errors and warnings only
    #[arg(long, short, conflicts_with = "log_level")]
    quiet: bool,
}

#[derive(Debug, Args)]
struct Admin {
    /// Configuration file that the service runs with
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The service's admin address, HOST:PORT or unix:/path [http.admin_listen]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    admin: Option<String>,
}

#[derive(Debug, Args)]
struct StatusArguments {
    #[command(flatten)]
    admin: Admin,
    /// Show who polls each feed
    #[arg(long)]
    subscribers: bool,
    /// Show hub subscribers and failed deliveries
    #[arg(long, conflicts_with = "subscribers")]
    hub: bool,
    /// Output format (json: one object)
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Args)]
struct Rescan {
    #[command(flatten)]
    admin: Admin,
    /// Accept that missing seeds are really gone, however many
    #[arg(long)]
    accept_removals: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Usage or configuration is wrong.
const USAGE: u8 = 2;

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(arguments) => serve(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Status(arguments) => status::status(arguments),
        Command::Rescan(arguments) => status::rescan(arguments),
        Command::Healthcheck(arguments) => status::healthcheck(arguments),
        Command::DefaultConfig => print(DEFAULT_FILE),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "seedcast", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Man => man::page(Cli::command()).and_then(|page| print(&page)),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            let mut stderr = std::io::stderr().lock();
            // Standard error may be closed; there is nobody else to tell.
            let _ = writeln!(stderr, "seedcast: {error:#}");
            let is_wrong =
                error.is::<ConfigError>() || error.downcast_ref::<SetupError>().is_some_and(|error| !error.may_pass());
            ExitCode::from(if is_wrong { USAGE } else { 1 })
        }
    }
}

/// An address that could be one, so that a mistyped one is not taken for a service that is down.
fn address(text: &str) -> Result<String, BindError> {
    Listener::check(text).map(|()| text.to_owned())
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // `seedcast default-config | head` is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

fn serve(arguments: Serve) -> anyhow::Result<ExitCode> {
    let Serve { settings, listen, base_url, store } = arguments;
    let load = move || load(&settings, listen.clone(), base_url.clone(), store.clone());
    let config = load()?;
    let logging = Logging::start(&config)?;
    let relog = Box::new(move |log: &config::Log| logging.change(log));
    serve::run(config, Outside { reload: Box::new(load), relog, progress: screen::draw, clock: system_clock() })?;
    Ok(ExitCode::SUCCESS)
}

/// The settings of a service.
fn load(
    settings: &Settings,
    listen: Vec<String>,
    base_url: Option<String>,
    store: Option<String>,
) -> Result<Config, ConfigError> {
    let overrides = Overrides { listen, base_url, store, ..overrides(settings) };
    config::load(Purpose::Service, settings.config.as_deref(), std::env::vars_os(), &overrides)
}

/// The settings for another purpose, for which an address, a base URL and a store cannot be given.
fn load_for(purpose: Purpose, settings: &Settings) -> Result<Config, ConfigError> {
    config::load(purpose, settings.config.as_deref(), std::env::vars_os(), &overrides(settings))
}

fn overrides(settings: &Settings) -> Overrides {
    Overrides {
        seeds: settings.seeds.clone(),
        log_level: settings.log_level.clone(),
        log_format: settings.log_format.clone(),
        ..Overrides::default()
    }
}

/// The one place where the time of the machine is read.
#[expect(clippy::disallowed_methods, reason = "everything else is given this clock")]
fn system_clock() -> Clock {
    Utc::now
}
