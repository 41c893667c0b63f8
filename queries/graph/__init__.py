"""The closure as a graph: integers for the algorithms, networkx for everybody else."""
