"""Full cells: a composite cathode from PyBaMM, and the short model as states beside it. Needs the extra `fullcell`.

Nothing here is imported by `import lithostat`. `engine` is the only module that imports PyBaMM.
"""
