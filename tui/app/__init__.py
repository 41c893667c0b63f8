"""The application: it alone knows all screens and windows, and starts the work behind them."""
