//! From tokens to a query.

use super::lexer::{Token, tokens};
use super::{Clause, Expression, Field, Operator, Query, Value, dates};

/// What is searched; each has its own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    Content,
    Users,
}

/// The most brackets and negations inside of each other.
const DEEPEST: usize = 100;
const TYPES: [&str; 10] = [
    "page",
    "blogpost",
    "comment",
    "attachment",
    "space",
    "user",
    "folder",
    "whiteboard",
    "database",
    "embed",
];
const FUNCTIONS: [&str; 3] = ["currentuser", "currentspace", "currentcontent"];

/// Reads a query, or says what is wrong in Confluence's words.
pub(crate) fn parse(cql: &str, domain: Domain) -> Result<Query, String> {
    let unreadable = || format!("Could not parse cql : {cql}");
    let tokens = tokens(cql).filter(|tokens| !tokens.is_empty()).ok_or_else(unreadable)?;
    let mut parser = Parser { tokens: &tokens, domain };
    let query = parser.query().map_err(|wrong| wrong.unwrap_or_else(unreadable))?;
    match parser.tokens.first() {
        None => Ok(query),
        // What an unquoted phrase leaves behind is taken for the next field.
        Some(Token::Word(word)) if !is_keyword(word) => Err(no_field(word)),
        Some(_) => Err(unreadable()),
    }
}

fn no_field(name: &str) -> String {
    format!("No field exists with the name: {name}")
}

fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "in", "order", "by", "asc", "desc"].contains(&word.to_lowercase().as_str())
}

/// What is wrong, where there is more to say than that the query cannot be read.
type Wrong = Option<String>;

struct Parser<'a> {
    tokens: &'a [Token],
    domain: Domain,
}

impl Parser<'_> {
    fn query(&mut self) -> Result<Query, Wrong> {
        let expression = self.any(0)?;
        let mut order = Vec::new();
        if self.takes_word("order") {
            if !self.takes_word("by") {
                return Err(None);
            }
            loop {
                let field = self.field()?;
                let down = !self.takes_word("asc") && self.takes_word("desc");
                order.push((field, down));
                if !self.takes_sign(",") {
                    break;
                }
            }
        }
        Ok(Query { expression, order })
    }

    fn any(&mut self, depth: usize) -> Result<Expression, Wrong> {
        let mut parts = vec![self.all(depth)?];
        while self.takes_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(Expression::Any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, Wrong> {
        let mut parts = vec![self.one(depth)?];
        while self.takes_word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(Expression::All(parts))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, Wrong> {
        if depth > DEEPEST {
            return Err(None);
        }
        if self.takes_word("not") {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes_sign("(") {
            let inner = self.any(depth + 1)?;
            return if self.takes_sign(")") { Ok(inner) } else { Err(None) };
        }
        self.clause()
    }

    fn clause(&mut self) -> Result<Expression, Wrong> {
        let field = self.field()?;
        let (negated, operator, values) = self.condition()?;
        self.check(field, operator, &values)?;
        let clause = Expression::Clause(Clause { field, operator, values });
        Ok(if negated { Expression::Not(Box::new(clause)) } else { clause })
    }

    /// The operator, whether it is negated, and its values.
    fn condition(&mut self) -> Result<(bool, Operator, Vec<Value>), Wrong> {
        if self.takes_word("in") {
            return Ok((false, Operator::Equals, self.values()?));
        }
        if self.takes_word("not") {
            return if self.takes_word("in") {
                Ok((true, Operator::Equals, self.values()?))
            } else {
                Err(None)
            };
        }
        let Some(Token::Sign(sign)) = self.next() else { return Err(None) };
        let (negated, operator) = match sign {
            "=" => (false, Operator::Equals),
            "!=" => (true, Operator::Equals),
            "~" => (false, Operator::Contains),
            "!~" => (true, Operator::Contains),
            ">" => (false, Operator::Greater),
            ">=" => (false, Operator::GreaterOrEqual),
            "<" => (false, Operator::Less),
            "<=" => (false, Operator::LessOrEqual),
            _ => return Err(None),
        };
        Ok((negated, operator, vec![self.value()?]))
    }

    fn field(&mut self) -> Result<Field, Wrong> {
        let Some(Token::Word(name)) = self.next() else { return Err(None) };
        if is_keyword(&name) {
            return Err(None);
        }
        let field = match (self.domain, name.to_lowercase().as_str()) {
            (_, "type") => Field::Type,
            (Domain::Content, "space" | "space.key") => Field::Space,
            (Domain::Content, "space.title") => Field::SpaceTitle,
            (Domain::Content, "space.type") => Field::SpaceType,
            (Domain::Content, "title") => Field::Title,
            (Domain::Content, "text" | "sitesearch") => Field::Text,
            (Domain::Content, "label") => Field::Label,
            (Domain::Content, "creator" | "creator.accountid") => Field::Creator,
            (Domain::Content, "contributor" | "contributor.accountid") => Field::Contributor,
            (Domain::Content, "ancestor") => Field::Ancestor,
            (Domain::Content, "parent") => Field::Parent,
            (Domain::Content, "created") => Field::Created,
            (Domain::Content, "lastmodified") => Field::LastModified,
            (Domain::Content, "id" | "content") => Field::Id,
            (Domain::Users, "user" | "user.accountid" | "user.userkey") => Field::User,
            (Domain::Users, "user.fullname") => Field::UserName,
            _ => return Err(Some(no_field(&name))),
        };
        Ok(field)
    }

    fn values(&mut self) -> Result<Vec<Value>, Wrong> {
        if !self.takes_sign("(") {
            return Ok(vec![self.value()?]);
        }
        let mut values = vec![self.value()?];
        while self.takes_sign(",") {
            values.push(self.value()?);
        }
        if self.takes_sign(")") { Ok(values) } else { Err(None) }
    }

    fn value(&mut self) -> Result<Value, Wrong> {
        match self.next() {
            Some(Token::Quoted(text)) => Ok(Value::Text(text)),
            Some(Token::Word(word)) if self.takes_sign("(") => {
                let mut arguments = Vec::new();
                while !self.takes_sign(")") {
                    match self.next() {
                        Some(Token::Quoted(text) | Token::Word(text)) => arguments.push(text),
                        _ => return Err(None),
                    }
                    self.takes_sign(",");
                }
                Ok(Value::Function(word, arguments))
            }
            Some(Token::Word(word)) if !is_keyword(&word) => Ok(Value::Text(word)),
            _ => Err(None),
        }
    }

    /// Whether the operator and the values are ones that the field takes.
    fn check(&self, field: Field, operator: Operator, values: &[Value]) -> Result<(), Wrong> {
        let takes = match operator {
            Operator::Equals => !matches!(field, Field::Text | Field::UserName),
            Operator::Contains => {
                matches!(field, Field::Text | Field::Title | Field::SpaceTitle | Field::UserName)
            }
            _ => field.is_date(),
        };
        if !takes {
            return Err(Some(format!("The operator {operator:?} is not supported for the field {field:?}")));
        }
        for value in values {
            match value {
                Value::Text(text) if field.is_date() => {
                    dates::range(text).ok_or_else(|| Some(format!("Invalid date format : {text}")))?;
                }
                Value::Text(text)
                    if field == Field::Type && !TYPES.contains(&text.to_lowercase().as_str()) =>
                {
                    return Err(Some(format!("Unsupported value for the field type : {text}")));
                }
                Value::Text(text) if matches!(field, Field::Id | Field::Ancestor | Field::Parent) => {
                    let number = text.strip_prefix("att").unwrap_or(text);
                    number.parse::<u64>().map_err(|_| Some(format!("{text} is not the id of content")))?;
                }
                Value::Text(_) => {}
                Value::Function(name, arguments) => self.check_function(field, name, arguments)?,
            }
        }
        Ok(())
    }

    fn check_function(&self, field: Field, name: &str, arguments: &[String]) -> Result<(), Wrong> {
        let known = match field.is_date() {
            true => dates::is_function(name, arguments),
            false => FUNCTIONS.contains(&name.to_lowercase().as_str()) && arguments.is_empty(),
        };
        if known { Ok(()) } else { Err(Some(format!("No function exists with the name: {name}"))) }
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found =
            matches!(self.tokens.first(), Some(Token::Word(other)) if other.eq_ignore_ascii_case(word));
        if found {
            self.next();
        }
        found
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.first(), Some(Token::Sign(other)) if *other == sign);
        if found {
            self.next();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(cql: &str) -> String {
        parse(cql, Domain::Content).unwrap_err()
    }

    #[test]
    fn and_binds_closer_than_or() {
        let query = parse("id = 1 or id = 2 and id = 3", Domain::Content).unwrap();
        let Expression::Any(parts) = query.expression else { panic!("not an or") };
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn everything_that_clients_send_is_read() {
        for cql in [
            "type=page",
            "type IN (page, blogpost) AND space = \"DOCS\" order by lastmodified desc, title",
            "text ~ 'a' AND NOT label NOT IN (\"x\", y)",
            "(creator = currentUser() OR contributor != \"712020:a\") and created >= startOfDay(\"-1d\")",
            "lastModified > now('-4w') and created <= \"2026/11/21 10:00\" AND ancestor = 131073",
            "title !~ \"x\" AND space in currentSpace()",
        ] {
            assert!(parse(cql, Domain::Content).is_ok(), "{cql}: {}", wrong(cql));
        }
        assert!(parse("user.fullname ~ \"Ada\"", Domain::Users).is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_told_in_confluences_words() {
        assert_eq!(wrong("text ~ hello world"), "No field exists with the name: world");
        assert_eq!(wrong("colour = red"), "No field exists with the name: colour");
        assert_eq!(wrong("user.fullname ~ Ada"), "No field exists with the name: user.fullname");
        for cql in
            ["", "type =", "= page", "(type = page", "type = page order title", "type = page and", "\"x\""]
        {
            assert_eq!(wrong(cql), format!("Could not parse cql : {cql}"));
        }
        for cql in [
            "text = x",
            "type ~ page",
            "type = essay",
            "created > soon",
            "created > now(x)",
            "id > 3",
            "id = x",
            "label = f()",
        ] {
            assert!(parse(cql, Domain::Content).is_err(), "{cql}");
        }
        assert!(parse(&"(".repeat(100_000), Domain::Content).is_err());
    }
}
