//! The people who have an Atlassian account.

/// A person's Atlassian account. Every account reaches every site.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// The account id, as `accountId` and `authorId` give it.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// What the person signs in with.
    pub(crate) email: &'static str,
    /// Whether the person's privacy setting shows the address to others; where it does not, Confluence answers
    /// with an empty one.
    pub(crate) shows_email: bool,
}

/// Everybody, in the order that scripts count them, from 1.
static ACCOUNTS: [Account; 5] = [
    Account {
        id: "712020:5c0b6a52-9a44-4d7e-8f0e-2f6c1b0e7d31",
        name: "Robin Okafor",
        email: "robin.okafor@example.com",
        shows_email: false,
    },
    Account {
        id: "712020:0e8d3f17-6b2c-4c19-a5d4-91c7a2f36e08",
        name: "Ada Lindqvist",
        email: "ada.lindqvist@example.com",
        shows_email: true,
    },
    Account {
        id: "557058:b7f2c9d4-31e6-47a8-9c05-d8e4f1a2630b",
        name: "Mateo Rivera",
        email: "mateo.rivera@example.com",
        shows_email: true,
    },
    Account {
        id: "70121:2d9a1c68-f4b3-4e57-8a1d-6c0e3b7f5942",
        name: "Yuki Tanabe",
        email: "yuki.tanabe@example.com",
        shows_email: true,
    },
    Account {
        id: "5fa3b81c9e2d470069c1d7e4",
        name: "Noor el-Amin",
        email: "noor.el-amin@example.com",
        shows_email: true,
    },
];

impl Account {
    /// The person who is signed in at the start, and who made everything that the sites hold then.
    pub(crate) fn first() -> &'static Self {
        let [first, ..] = &ACCOUNTS;
        first
    }

    /// The account with a number, counted from 1.
    pub(crate) fn numbered(number: usize) -> Option<&'static Self> {
        ACCOUNTS.get(number.checked_sub(1)?)
    }

    /// The number of the account, counted from 1.
    pub(crate) fn number(&self) -> usize {
        ACCOUNTS.iter().take_while(|other| *other != self).count() + 1
    }

    /// How many accounts there are.
    pub(crate) fn count() -> usize {
        ACCOUNTS.len()
    }

    /// The address as others see it.
    pub(crate) fn visible_email(&self) -> &'static str {
        if self.shows_email { self.email } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_a_number_an_id_and_an_address_of_its_own() {
        for number in 1..=Account::count() {
            let account = Account::numbered(number).unwrap();
            assert_eq!(account.number(), number);
            let same = |other: &&Account| other.id == account.id || other.email == account.email;
            assert_eq!(ACCOUNTS.iter().filter(same).count(), 1);
        }
        assert_eq!(Account::numbered(0), None);
        assert_eq!(Account::numbered(Account::count() + 1), None);
    }
}
