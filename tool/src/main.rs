//! The program `wd`.

fn main() -> std::process::ExitCode {
    warpdrive_tool::run()
}
