"""Whether all is well around a deployment: one small check for each thing that can be wrong."""

from tintype.doctor.examination import examine, examine_without_settings
from tintype.doctor.findings import Finding, Verdict

__all__ = ["Finding", "Verdict", "examine", "examine_without_settings"]
