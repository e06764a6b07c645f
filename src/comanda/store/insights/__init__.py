"""What a venue took in a span of time: sums, ranks and the rows behind them, read and never written."""
