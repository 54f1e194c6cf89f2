//! The command under test: the same as `actionbay`, as a binary that the tests of this crate can find.

fn main() -> std::process::ExitCode {
    actionbay::cli::main()
}
