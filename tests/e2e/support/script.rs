//! A server that answers as a test says, byte for byte, and remembers what it was sent.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What is done at a request for a path, and its connection.
type Answers = dyn Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync;

/// A running server.
pub(crate) struct Script {
    pub(crate) origin: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Script {
    /// A server that answers the request for a path so, and then ends the connection.
    pub(crate) fn new(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::writing(move |path, stream| stream.write_all(&answer(path)))
    }

    /// A server that writes the answer itself, at its own pace.
    pub(crate) fn writing(
        answer: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (seen, answer): (_, Arc<Answers>) = (Arc::clone(&heads), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { origin, heads }
    }

    /// The heads of the requests so far, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &Answers) {
    let mut head = Vec::new();
    let mut byte = [0u8; 1];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let Some(path) = head.split(' ').nth(1).map(str::to_owned) else { return };
    let head = head.to_ascii_lowercase();
    // A connection that ends with bytes unread is reset, and takes its answer along.
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let _ = std::io::copy(&mut (&stream).take(length), &mut std::io::sink());
    seen.lock().unwrap().push(head);
    let _ = answer(&path, &mut stream);
}

/// A whole answer with a body.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    [bytes.as_bytes(), body].concat()
}

/// Writes this and then a byte at a time, until nobody reads any more.
pub(crate) fn drip(stream: &mut TcpStream, begin: &[u8]) -> io::Result<()> {
    stream.write_all(begin)?;
    loop {
        stream.write_all(b"a")?;
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Bytes as `gzip` has them.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Somebody who takes connections and counts them, and says nothing.
pub(crate) fn listening(address: &str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&connections);
    std::thread::spawn(move || {
        for _ in listener.incoming().map_while(Result::ok) {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, connections)
}
