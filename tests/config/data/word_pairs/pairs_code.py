"""What a run script of the task would have passed as its shared state."""

task_config = {"question": "Do they belong together?"}
qualifications = [
    {"qualification_name": "native-speaker", "comparator": "GreaterThanOrEqualTo", "value": 1}
]


def worker_can_do_unit(worker, unit):
    return worker.id != unit.worker_id
