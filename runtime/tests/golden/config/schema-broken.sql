USE shop;
CREATE TABLE orders (
  id INT NOT NULL,
  total DECIMALS(12,2),
  PRIMARY KEY (id)
);
