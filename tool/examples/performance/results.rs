//! What benches/run.sh writes.

use std::str::FromStr;

/// All that one run has measured.
pub struct Results {
    /// Date, processor, compilers.
    pub machine: String,
    /// In the order of the run.
    pub rows: Vec<Row>,
}

/// One figure.
pub struct Row {
    pub floor: String,
    pub what: String,
    pub unit: String,
    pub ours: f64,
    /// What it is compared with.
    pub against: Option<(String, f64)>,
}

impl Row {
    /// Ours by theirs.
    pub fn ratio(&self) -> Option<f64> {
        let theirs = self.against.as_ref()?.1;
        (theirs > 0.0).then(|| self.ours / theirs)
    }
}

impl Results {
    /// The rows from the lowest floor to the highest, with all figures of one thing together.
    pub fn by_floor(&self) -> Vec<&Row> {
        const FLOORS: [&str; 5] = ["descriptor", "ring", "driver", "session", "C entry"];
        let floor = |row: &Row| {
            let found = FLOORS.iter().position(|floor| *floor == row.floor);
            found.unwrap_or(FLOORS.len())
        };
        let first = |row: &Row| {
            let same = |other: &Row| (&other.floor, &other.what) == (&row.floor, &row.what);
            self.rows.iter().position(same)
        };
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by_key(|row| (floor(row), first(row)));
        rows
    }

    /// The figure of this name, if it was measured.
    pub fn find(&self, floor: &str, what: &str, unit: &str) -> Option<&Row> {
        let is = |row: &&Row| row.floor == floor && row.what == what && row.unit == unit;
        self.rows.iter().find(is)
    }
}

impl FromStr for Results {
    type Err = String;

    fn from_str(text: &str) -> Result<Results, String> {
        let mut machine = None;
        let mut rows = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("# ") {
                Some(told) => machine = Some(told.to_owned()),
                None => rows.push(row(line).ok_or_else(|| format!("not a result: {line}"))?),
            }
        }
        let machine = machine.ok_or("the results do not name the machine")?;
        Ok(Results { machine, rows })
    }
}

fn row(line: &str) -> Option<Row> {
    let words: Vec<&str> = line.split('\t').collect();
    let [floor, what, unit, ours, name, theirs] = words[..] else {
        return None;
    };
    let against = match name {
        "" => None,
        name => Some((name.to_owned(), theirs.parse().ok()?)),
    };
    Some(Row {
        floor: floor.to_owned(),
        what: what.to_owned(),
        unit: unit.to_owned(),
        ours: ours.parse().ok()?,
        against,
    })
}
