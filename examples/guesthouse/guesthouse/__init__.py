"""The complete guesthouse of Ponty's tutorial: rooms, their prices, and bookings in a database."""
