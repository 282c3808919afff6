//! Long options as `getopt_long` reads them: `--name value`, `--name=value`, and any
//! beginning of a name that is no other's.

/// An option, and its argument if it takes one.
pub type Found<'a> = (&'static str, &'a str);

/// An option's name, and whether it takes an argument.
pub type Known = (&'static str, bool);

/// The options on a command line, in order; what is none is skipped.
///
/// # Errors
/// What is wrong, in one line.
pub fn parse<'a>(known: &[Known], arguments: &'a [String]) -> Result<Vec<Found<'a>>, String> {
    let mut found = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            break;
        }
        let Some(text) = argument.strip_prefix("--") else {
            if argument.len() > 1 && argument.starts_with('-') {
                return Err(format!("uadk_tool: invalid option '{argument}'"));
            }
            continue;
        };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let (name, takes) = lookup(known, name)?;
        let value = match (takes, value) {
            (false, None) => "",
            (false, Some(_)) => {
                return Err(format!(
                    "uadk_tool: option '--{name}' doesn't allow an argument"
                ));
            }
            (true, Some(value)) => value,
            (true, None) => rest
                .next()
                .ok_or_else(|| format!("uadk_tool: option '--{name}' requires an argument"))?,
        };
        found.push((name, value));
    }
    Ok(found)
}

fn lookup(known: &[Known], name: &str) -> Result<Known, String> {
    if let Some(exact) = known.iter().find(|one| one.0 == name) {
        return Ok(*exact);
    }
    let mut begun = known.iter().filter(|one| one.0.starts_with(name));
    match (begun.next(), begun.next()) {
        (Some(only), None) => Ok(*only),
        (None, _) => Err(format!("uadk_tool: unrecognized option '--{name}'")),
        (Some(_), Some(_)) => Err(format!("uadk_tool: option '--{name}' is ambiguous")),
    }
}

/// A number as `strtol(text, NULL, 0)` reads it, but never silently wrong.
///
/// # Errors
/// What is wrong, in one line.
pub fn number(name: &str, text: &str) -> Result<u64, String> {
    let read = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None if text.len() > 1 && text.starts_with('0') => u64::from_str_radix(text, 8),
        None => text.parse(),
    };
    read.map_err(|_| format!("uadk_tool: --{name}: '{text}' is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Known; 4] = [
        ("alg", true),
        ("alglist", false),
        ("sync", false),
        ("opt", true),
    ];

    fn parsed(line: &str) -> Result<Vec<(String, String)>, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let found = parse(&KNOWN, &words)?;
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(found.into_iter().map(own).collect())
    }

    #[test]
    fn options_are_read_as_getopt_long_does() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let all = parsed("--alg zlib word --opt=1 --sy --algl").expect("valid");
        let expected = [("alg", "zlib"), ("opt", "1"), ("sync", ""), ("alglist", "")];
        assert_eq!(all, expected.map(|(name, value)| pair(name, value)));
        for bad in ["--x", "--al", "--opt", "--sync=1", "-a"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_have_the_bases_of_c() {
        assert_eq!(number("n", "0x10"), Ok(16));
        assert_eq!(number("n", "010"), Ok(8));
        assert_eq!(number("n", "0"), Ok(0));
        assert!(number("n", "1k").is_err() && number("n", "-1").is_err());
    }
}
