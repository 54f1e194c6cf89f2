//! A vendor on loopback whose answer is fixed, so that what is measured is the way to it and back.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::vendor;

/// A server with a thread for each connection.
pub(crate) struct Server {
    /// Its origin.
    pub(crate) origin: String,
    seen: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Server {
    /// Answers every request after a while. The head of the first one and the time of each are kept.
    pub(crate) fn start(after: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(stream, after, &kept));
            }
        });
        Self { origin, seen }
    }

    /// When the requests came since this was asked last, and their heads.
    pub(crate) fn seen(&self) -> Vec<(Instant, String)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, after: Duration, seen: &Mutex<Vec<(Instant, String)>>) {
    let _ = stream.set_nodelay(true);
    let body = vendor::answer("/pages/131075").to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut head = Vec::new();
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        head.extend_from_slice(buffer.get(..length).unwrap_or_default());
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let mut seen = seen.lock().unwrap();
        if seen.len() < 10 {
            seen.push((Instant::now(), String::from_utf8_lossy(&head).into_owned()));
        }
        drop(seen);
        head.clear();
        if !after.is_zero() {
            thread::sleep(after);
        }
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
