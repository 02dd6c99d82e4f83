//! How far many of a kind have come.

use std::io::{self, IsTerminal};

use certforge::error::Shown;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar over many leaves, on a terminal.
pub struct Bar(ProgressBar);

impl Bar {
    pub fn new(steps: usize, quiet: bool) -> Self {
        if steps < 2 || quiet || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {eta} left");
        let bar = ProgressBar::new(steps as u64);
        Self(style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)))
    }

    /// Begins the next leaf.
    pub fn step(&self, name: &str) {
        self.0.set_message(Shown(name).to_string());
        self.0.inc(1);
    }

    /// One more is done, of many at once.
    pub fn tick(&self) {
        self.0.inc(1);
    }

    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
