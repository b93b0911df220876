"""Clinical facts and rules. Pure: no database, no network, no clock."""
