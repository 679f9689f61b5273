"""laundering: rings that move dirty money, and honest groups that look like them."""
