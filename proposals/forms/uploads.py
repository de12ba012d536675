"""Files that somebody brings."""

from typing import Any

from django import forms

from ..files.proposals import MOST_BYTES, MOST_ROWS

TYPES = ".csv,.xlsx"


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, but one at least: a list of them."""

    widget = FilesInput({"accept": TYPES})

    def clean(self, data: Any, initial: Any = None) -> list:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(file, initial) for file in files or [None]]


class ProposalFileForm(forms.Form):
    file = forms.FileField(
        label="File",
        widget=forms.FileInput({"accept": TYPES}),
        max_length=200,
        help_text=f"CSV or XLSX, up to {MOST_ROWS:,} rows and {MOST_BYTES // 1024 // 1024} MiB.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )


class UploadDecisionForm(forms.Form):
    """What to do with the rows that are not complete."""

    keeps_drafts = forms.BooleanField(required=False)


class CatalogueFilesForm(forms.Form):
    files = FilesField(
        label="Files",
        help_text="CSV files by their names, or a workbook (XLSX) with a sheet for each.",
        error_messages={"required": "Choose at least one file.", "empty": "A file is empty."},
    )

    def clean_files(self) -> list:
        files = self.cleaned_data["files"]
        names = [file.name for file in files]
        for name in names:
            if names.count(name) > 1:
                raise forms.ValidationError(f"Two files are called {name}.")
        return files
