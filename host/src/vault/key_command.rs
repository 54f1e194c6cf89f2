//! A master key from a program: a key service's client, or the keyring of the system.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::master_key::MasterKey;
use crate::failure::{Failure, Result};

/// How long the program may take: a key service in another region, asked twice.
const TIME: Duration = Duration::from_secs(30);

/// How much of its output is read: many times a key.
const MOST: u64 = 4 << 10;

/// How often it is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// The key that a program prints. Neither of its outputs is ever repeated: either may hold a secret.
pub(super) fn read(line: &str) -> Result<MasterKey> {
    read_within(line, TIME)
}

fn read_within(line: &str, time: Duration) -> Result<MasterKey> {
    let mut words = line.split_whitespace();
    let program = words.next().ok_or_else(|| trouble("The master key's command is empty.".to_owned()))?;
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| trouble(format!("The master key's command {program} cannot be run: {error}.")))?;
    let (send, printed) = mpsc::channel();
    let stdout = child.stdout.take();
    // A thread of its own, not waited for: what the program left behind may keep its output open for ever.
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(Vec::with_capacity(MOST as usize));
        let read = stdout.map(|stdout| stdout.take(MOST).read_to_end(&mut text));
        let _ = send.send(read.is_some_and(|read| read.is_ok()).then_some(text));
    });
    let deadline = Instant::now() + time;
    let status = wait(&mut child, deadline).ok_or_else(|| {
        trouble(format!("The master key's command {program} did not end within {} seconds.", time.as_secs()))
    })?;
    if !status.success() {
        return Err(trouble(format!("The master key's command {program} failed: {status}.")));
    }
    let left = deadline.saturating_duration_since(Instant::now()).max(LOOK);
    let text = printed.recv_timeout(left).ok().flatten();
    let text = text.as_ref().and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
    MasterKey::from_text(text)
        .map_err(|_| trouble(format!("The master key's command {program} did not print 32 bytes in base64.")))
}

/// How the program ended, or `None` where it had to be ended.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => std::thread::sleep(LOOK),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

fn trouble(message: String) -> Failure {
    Failure::storage("master-key-command", message).hint(
        "ACTIONBAY_MASTER_KEY_COMMAND is a program and its arguments separated by spaces, without a shell; it prints the key in base64.",
    )
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_prints_the_key() {
        let text = MasterKey::random().unwrap().to_text();
        let key = read(&format!("printf {}\\n", text.as_str())).unwrap();
        assert_eq!(*key.to_text(), *text);
    }

    #[test]
    fn a_command_that_fails_is_told_by_its_exit_status_and_never_by_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("fails");
        std::fs::write(&script, "echo canary; echo canary >&2; exit 7").unwrap();
        let failure = read(&format!("sh {}", script.display())).unwrap_err();
        assert_eq!(failure.code, "master-key-command");
        assert!(failure.message.contains("exit status: 7"), "{failure}");
        for text in [&failure.message, failure.hint.as_ref().unwrap()] {
            assert!(!text.contains("canary"), "{text}");
        }
        for (line, words) in [
            ("", "is empty"),
            ("echo canary", "did not print 32 bytes"),
            ("/no/such/program key", "cannot be run"),
        ] {
            let failure = read(line).unwrap_err();
            assert!(failure.message.contains(words) && !failure.message.contains("canary"), "{failure}");
        }
    }

    #[test]
    fn no_shell_reads_the_command() {
        assert!(read("true ; echo x").is_err());
        let failure = read("echo $(id)").unwrap_err();
        assert!(failure.message.contains("did not print"), "{failure}");
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let begun = Instant::now();
        let failure = read_within("sleep 60", Duration::from_secs(1)).unwrap_err();
        assert!(failure.message.contains("within 1 seconds"), "{failure}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
