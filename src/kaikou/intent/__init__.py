"""Which tools a turn needs: left to the model that answers, or decided before it is asked."""
