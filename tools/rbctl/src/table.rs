// SPDX-License-Identifier: GPL-2.0

//! Columns of text.

#![deny(unsafe_code)]

/// Rows of cells; the first `nr_left` columns are aligned to the left, the others to the right.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    nr_left: usize,
}

impl Table {
    pub(crate) fn new(nr_left: usize, header: &[&str]) -> Self {
        let header = header.iter().map(|&cell| cell.to_owned()).collect();
        Self {
            rows: vec![header],
            nr_left,
        }
    }

    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The lines, two spaces between columns, no spaces at the ends.
    pub(crate) fn render(&self) -> String {
        let widths = self.widths();
        self.rows
            .iter()
            .map(|row| self.line(row, &widths) + "\n")
            .collect()
    }

    fn widths(&self) -> Vec<usize> {
        let nr = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..nr).map(width).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, &width))| match column < self.nr_left {
                true => format!("{cell:<width$}"),
                false => format!("{cell:>width$}"),
            })
            .collect();
        cells.join("  ").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(1, &["zone", "free"]);
        table.push(vec!["DMA".into(), "7".into()]);
        table.push(vec!["Normal".into(), "12345".into()]);
        assert_eq!(
            table.render(),
            "zone     free\nDMA         7\nNormal  12345\n"
        );
    }
}
