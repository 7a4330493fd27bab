//! The command line: what was asked for, and the exit code.
//!
//! Exit codes: 0 right, 1 failed (`check`: a seed has a diagnostic), 2 usage or configuration.

mod check;
mod logging;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::Utc;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{self, Config, ConfigError, DEFAULT_FILE, Overrides};
use crate::ingest::Clock;
use crate::serve;

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
    /// Read seeds without serving them: item, times and where they were found, what is wrong
    ///
    /// Without PATH the whole seed directory is read. Exits with 1 when a seed has a diagnostic.
    Check(Check),
    /// Print the default configuration, every key explained
    DefaultConfig,
}

#[derive(Debug, Args)]
struct Settings {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of the seeds [seeds.directory]
    #[arg(long, value_name = "DIR")]
    seeds: Option<PathBuf>,
    /// How much is logged: error, warn, info, debug, or levels per area [log.level]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// How log lines are written [log.format]
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
    /// How the findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object a line, one line a seed
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
        Command::DefaultConfig => print(DEFAULT_FILE),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            let mut stderr = std::io::stderr().lock();
            // Standard error may be closed; there is nobody else to tell.
            let _ = writeln!(stderr, "seedcast: {error:#}");
            ExitCode::from(if error.is::<ConfigError>() || error.is::<serve::SetupError>() { USAGE } else { 1 })
        }
    }
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
    logging::start(&config.log)?;
    serve::run(config, Box::new(load), system_clock())?;
    Ok(ExitCode::SUCCESS)
}

fn load(
    settings: &Settings,
    listen: Vec<String>,
    base_url: Option<String>,
    store: Option<String>,
) -> Result<Config, ConfigError> {
    let overrides = Overrides {
        seeds: settings.seeds.clone(),
        listen,
        base_url,
        store,
        log_level: settings.log_level.clone(),
        log_format: settings.log_format.clone(),
    };
    // A name or value that is not UTF-8 is none of ours.
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    config::load(settings.config.as_deref(), std::env::vars_os().filter_map(text), &overrides)
}

/// The one place where the time of the machine is read.
#[expect(clippy::disallowed_methods, reason = "everything else is given this clock")]
fn system_clock() -> Clock {
    Utc::now
}
