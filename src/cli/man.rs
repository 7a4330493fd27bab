//! The manual page: what the command line says of itself, and sections that it does not know of.

use clap::Command;

/// Files, environment, signals, examples, exit status.
const SECTIONS: &str = include_str!("man/sections.roff");

/// One page for the whole command, its subcommands below one another.
pub(super) fn page(command: Command) -> anyhow::Result<String> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    let mut page = String::from_utf8(page)?;
    for sub in command.get_subcommands() {
        // There are no pages of their own.
        let name = sub.get_name().replace('-', "\\-");
        page = page.replace(&format!("seedcast\\-{name}(1)"), &format!("\\fBseedcast {name}\\fR"));
        let mut section = Vec::new();
        let name = sub.get_name().to_owned();
        let sub = clap_mangen::Man::new(sub.clone());
        sub.render_description_section(&mut section)?;
        sub.render_options_section(&mut section)?;
        let section = String::from_utf8(section)?;
        let section = section.replace(".SH DESCRIPTION\n", "").replace(".SH OPTIONS\n", ".PP\nOptions:\n");
        page.push_str(&format!(".SH \"SEEDCAST {}\"\n{section}", name.to_uppercase()));
    }
    page.push_str(SECTIONS);
    Ok(page)
}
