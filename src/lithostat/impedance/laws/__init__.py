"""What resistances say about pressure and temperature: contact law, conductivity, and their cards."""
