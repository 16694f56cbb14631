"""A notebook and its parameters in, a run record and the executed notebook out.

In: a notebook and its parameters, from a person, a schedule or a Lambda's event. Out: the run record, kept in the runs
bucket above all when the run failed, and pages to read it by. Before it: `aviation.poll` and `aviation.load`, which the
notebooks call. After it: `aviation.jobs`, which starts and repeats runs.
"""
