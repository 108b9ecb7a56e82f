from . import answers, fhir
