//! A server for Redis clients, on one worker or several.
//!
//! ```text
//! cargo run --release --bin mini-redis -- 127.0.0.1:6379
//! redis-cli
//! redis-benchmark -q -P 16
//! ```
//!
//! `--workers N` runs it on several cores, `--max-clients N` changes how many clients there may be.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::io;

use minato_examples::asked_to_end;
use minato_examples::mini_redis::{Config, serve};
use minato_net::TcpListener;
use minato_runtime::runtime::{Builder, Runtime};

/// What the command line says.
struct Options {
    address: String,
    workers: usize,
    config: Config,
}

impl Options {
    fn from_args() -> Result<Self, String> {
        let mut options =
            Self { address: "127.0.0.1:6379".to_owned(), workers: 1, config: Config::default() };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut number = || {
                let number = args.next().and_then(|number| number.parse().ok()).filter(|&number| number > 0);
                number.ok_or_else(|| format!("{arg} takes a number"))
            };
            match arg.as_str() {
                "--workers" => options.workers = number()?,
                "--max-clients" => options.config.clients_max = number()?,
                _ => options.address = arg,
            }
        }
        Ok(options)
    }

    fn runtime(&self) -> io::Result<Runtime> {
        match self.workers {
            1 => Builder::new_current_thread().build(),
            workers => Builder::new_multi_thread().worker_threads(workers).build(),
        }
    }
}

fn main() -> io::Result<()> {
    let options = Options::from_args().map_err(|wrong| io::Error::new(io::ErrorKind::InvalidInput, wrong))?;
    options.runtime()?.block_on(async {
        let listener = TcpListener::bind(options.address).await?;
        println!("listening on {}", listener.local_addr()?);
        let report = serve(listener, options.config, asked_to_end()).await;
        println!("served {} connections, cut {}", report.connections, report.cut);
        Ok(())
    })
}
