"""The guesthouse of Ponty's tutorial, whole: rooms, their prices, and bookings in a database."""
