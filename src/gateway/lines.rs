//! Where the lines of a text start: a document may be one line of megabytes, and is asked
//! for thousands of places.

/// The offsets at which lines start, the first at 0.
#[derive(Debug)]
pub(super) struct LineStarts {
    starts: Vec<usize>,
    length: usize,
}

impl LineStarts {
    pub(super) fn of(text: &str) -> Self {
        let behind = text.match_indices('\n').map(|(at, _)| at + 1).filter(|at| *at < text.len());
        Self { starts: std::iter::once(0).chain(behind).collect(), length: text.len() }
    }

    /// How many lines there are.
    pub(super) const fn count(&self) -> usize {
        self.starts.len()
    }

    /// The number of the line that an offset is in, from 0.
    pub(super) fn number(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Where a line starts; behind the last line, the text's end.
    pub(super) fn start(&self, number: usize) -> usize {
        self.starts.get(number).copied().unwrap_or(self.length)
    }

    /// Where the line of an offset starts.
    pub(super) fn start_of(&self, offset: usize) -> usize {
        self.start(self.number(offset))
    }
}
