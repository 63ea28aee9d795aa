//! A certificate that is in files, and read again when they have changed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::io;

use minato_net::tls::{ConfigError, Identity, IdentityStore};
use minato_runtime::signal::unix::{SignalKind, signal};
use minato_runtime::task::spawn_blocking;

/// Where a certificate and its key are.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    certificate: String,
    key: String,
}

impl CertificateFiles {
    /// The files that the next two arguments name; `cert.pem` and `key.pem` where there are none.
    pub fn from_args(args: &mut impl Iterator<Item = String>) -> Self {
        let certificate = args.next().unwrap_or_else(|| "cert.pem".to_owned());
        Self { certificate, key: args.next().unwrap_or_else(|| "key.pem".to_owned()) }
    }

    /// Reads the files.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or do not belong together.
    pub async fn read(&self) -> Result<Identity, ConfigError> {
        let files = self.clone();
        let read = spawn_blocking(move || Identity::from_pem_files(files.certificate, files.key));
        read.await.map_err(io::Error::from)?
    }

    /// Reads the files again at each SIGHUP from the call on, and keeps the old certificate if they are of no use.
    ///
    /// # Errors
    ///
    /// When the signal cannot be listened to.
    pub fn reload(self, store: IdentityStore) -> io::Result<impl Future<Output = ()>> {
        let mut hangups = signal(SignalKind::hangup())?;
        Ok(async move {
            while hangups.recv().await.is_some() {
                match self.read().await {
                    Ok(identity) => {
                        store.replace(identity);
                        println!("new certificate");
                    }
                    Err(error) => eprintln!("the certificate stays: {error}"),
                }
            }
        })
    }
}
