# The steps of .ci/run by their names, and the few commands of every day.

# Shows the recipes.
default:
    @just --list

# Serves the example seeds.
run *arguments:
    cargo run --release -- serve --seeds examples/seeds {{ arguments }}

# Runs all tests.
test:
    .ci/run test

# Checks format, lints, and dependencies where cargo-deny is installed.
lint:
    .ci/run format lint deny

# Builds the documentation, warnings as errors.
docs:
    .ci/run docs

# Tries the feeds with real readers and checkers.
clients:
    .ci/run clients

# Tries the hub with WebSub software of others.
websub:
    .ci/run websub

# Tries it as a service: units, sockets, package, metrics, a short soak.
service:
    .ci/run service

# Runs one of the benches (benches/README.md lists them).
bench name *arguments:
    {{ if path_exists("benches" / name) == "true" { "benches" / name } else { "cargo bench --bench " + name + " --" } }} {{ arguments }}

# Everything that a change has to pass.
ci:
    .ci/run
