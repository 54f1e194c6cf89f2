//! The command `actionbay`.

fn main() -> std::process::ExitCode {
    actionbay::cli::main()
}
