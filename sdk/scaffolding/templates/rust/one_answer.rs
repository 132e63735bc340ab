//! An HTTP server on this machine that gives one answer to one request, for tests.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

pub struct OneAnswer {
    pub url: String,
    thread: Option<JoinHandle<()>>,
}

impl OneAnswer {
    /// head: "200 OK", and header lines behind it when there are any.
    pub fn with(head: &str, body: &str) -> OneAnswer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        let thread = std::thread::spawn(move || serve(&listener, &answer));
        OneAnswer { url: format!("http://{address}/"), thread: Some(thread) }
    }
}

impl Drop for OneAnswer {
    fn drop(&mut self) {
        // Ends a wait for a request that never came.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://").trim_end_matches('/'));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn serve(listener: &TcpListener, answer: &str) {
    let (mut client, _) = listener.accept().unwrap();
    let (mut request, mut bytes) = (Vec::new(), [0; 4096]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match client.read(&mut bytes) {
            Ok(count) if count > 0 => request.extend_from_slice(&bytes[..count]),
            _ => return,
        }
    }
    client.write_all(answer.as_bytes()).unwrap();
}
